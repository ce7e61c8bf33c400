import CGuestEntry
import CThreadGate
import Glibc
import GuestKernel
import GuestMemory

/// The supervisor's own threads: signals blocked, named for ps and gdb.
enum HostThreads {
    // linux/prctl.h; not visible to Swift.
    private static let setName: UInt64 = 15
    private static let setTimerSlack: UInt64 = 29

    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SupervisorError) {
        let result = HostThread.start(mask: HostSignals.helperMask) {
            var padded = Array("us-\(name)".utf8.prefix(15)) + [0]
            hostCall(__NR_prctl, setName, UInt64(address: &padded))
            // Sleeps end up to 50 us late otherwise, which is the cost of half an epoch.
            hostCall(__NR_prctl, setTimerSlack, 1)
            body()
        }
        guard result == 0 else { throw SupervisorError(.failed, "no thread for \(name): \(errorText(result))") }
    }

    /// For what the guest can do without for now; false when there is no thread for it.
    @discardableResult
    static func startOrSay(
        _ name: String, _ messages: MessageLog, _ body: @escaping @Sendable () -> Void
    ) -> Bool {
        do throws(SupervisorError) {
            try start(name, body)
            return true
        } catch {
            messages.say(.warning, error.message)
            return false
        }
    }

    static func sleep(_ nanoseconds: UInt64) {
        var duration = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        thread_gate_pause()
        defer { thread_gate_resume() }
        nanosleep(&duration, nil)
    }
}

/// CLOCK_BOOTTIME, which goes on while the machine is suspended: a lease must run out meanwhile (architecture §6).
enum BootClock {
    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
