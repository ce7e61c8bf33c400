import CGuestEntry
import Glibc
import GuestMemory

/// The order in which one process of the guest's signals another, and then tells it something else.
///
/// Natively a signal is there once kill(2) has returned. Here the receiver's supervisor has to take it first, on a
/// thread that may have to wait for a processor: what the sender writes meanwhile would be read before the handler has
/// run.
enum SignalDelivery {
    private static let pauseNanoseconds: UInt64 = 50_000
    /// 5 ms in all: a process that is stopped, or just being started, takes nothing.
    private static let pausesMax = 100

    /// Waits until a process has taken a signal that it was sent just now.
    static func await(_ signal: Int32, by pid: Int32, _ thread: GuestThread) {
        guard signal != 0, signal != SIGKILL, signal != SIGSTOP else { return }
        wait(thread) { pendingSet(of: pid) & SignalSet.bit(signal) != 0 }
    }

    /// The same for the caller's own process. Those of job control are left to the thread that forwards them.
    static func awaitOwn(_ signal: Int32, _ thread: GuestThread) {
        if SignalSet.ofJobControl & SignalSet.bit(signal) == 0 {
            _ = thread.kernel.takeHostSignals?(thread.kernel, ~SignalSet.ofJobControl)
        } else {
            wait(thread) { HostSignals.pending & HostSignals.bit(signal) != 0 }
        }
    }

    /// A child is about to stop itself: a SIGCONT that it was sent before must not end that.
    static func awaitContinue(before signal: Int32, _ thread: GuestThread) {
        guard thread.kernel.identity.isChild, SignalSet.stopping & SignalSet.bit(signal) != 0 else { return }
        awaitOwn(SIGCONT, thread)
    }

    private static func wait(_ thread: GuestThread, while isPending: () -> Bool) {
        for _ in 0..<pausesMax {
            guard isPending() else { return }
            thread.kernel.gate.beginWaiting(thread)
            var pause = timespec(tv_sec: 0, tv_nsec: Int(pauseNanoseconds))
            hostCall(__NR_nanosleep, UInt64(address: &pause), 0)
            thread.kernel.gate.endWaiting(thread)
        }
    }

    /// What waits for the process as a whole (proc_pid_status(5)); 0 where there is none.
    private static func pendingSet(of pid: Int32) -> UInt64 {
        let name = Array("\nShdPnd:\t".utf8)
        let status = HostFile.contents("/proc/\(pid)/status")
        guard let start = status.indices.first(where: { status[$0...].starts(with: name) }) else { return 0 }
        let digits = status[(start + name.count)...].prefix(16)
        return UInt64(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0
    }
}
