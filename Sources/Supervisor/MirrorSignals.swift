import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory
import Synchronization

/// The signals that come to a mirror before it takes over: there is no guest yet that they could be meant for.
final class MirrorSignals: Sendable {
    private static let infoByteCount = 128
    private let isOver = Atomic<Bool>(false)
    /// The thread that takes them, and 1 once it does not any more.
    private let taker = Atomic<Int32>(0)
    private let hasEnded = Atomic<UInt32>(0)
    /// A mirror that is a part of `run` leaves the terminal's signals to it.
    private let awaited: UInt64
    private let ignored: UInt64

    private init(isPartOfRun: Bool) {
        let terminal = [SIGINT, SIGQUIT, SIGHUP].map { HostSignals.bit($0) }.reduce(0, |)
        let others = [SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGPIPE, SIGWINCH].map { HostSignals.bit($0) }.reduce(0, |)
        awaited = HostSignals.bit(SIGTERM) | HostSignals.bit(GUEST_KICK_SIGNAL) | terminal | others
        ignored = others | (isPartOfRun ? terminal : 0)
    }

    /// Starts the thread that takes them. Every thread of the process blocks them.
    static func start(_ role: MirrorRole, isPartOfRun: Bool) throws(SupervisorError) -> MirrorSignals {
        let signals = MirrorSignals(isPartOfRun: isPartOfRun)
        try HostThreads.start("signals") { signals.take(role) }
        return signals
    }

    /// The guest is here: signals are its own from now on. Returns when none is taken here any more: who has sent it,
    /// or which child it is about, would be lost on the way.
    func end() {
        isOver.store(true, ordering: .sequentiallyConsistent)
        while hasEnded.load(ordering: .sequentiallyConsistent) == 0 {
            let process = UInt64(hostCall(__NR_getpid))
            let thread = taker.load(ordering: .sequentiallyConsistent)
            if thread != 0 { hostCall(__NR_tgkill, process, UInt64(signed: thread), UInt64(GUEST_KICK_SIGNAL)) }
            HostFutex.wait(hasEnded, while: 0, timeoutNanoseconds: 1_000_000)
        }
    }

    private func take(_ role: MirrorRole) {
        taker.store(Int32(hostCall(__NR_gettid)), ordering: .sequentiallyConsistent)
        defer {
            hasEnded.store(1, ordering: .sequentiallyConsistent)
            HostFutex.wake(hasEnded)
        }
        var mask = awaited
        let info = UnsafeMutableRawBufferPointer.allocate(byteCount: MirrorSignals.infoByteCount, alignment: 8)
        defer { info.deallocate() }
        while true {
            let signal = hostWait(
                __NR_rt_sigtimedwait, UInt64(address: &mask), UInt64(address: info.baseAddress), 0, 8)
            if signal <= 0 { continue }
            if isOver.load(ordering: .sequentiallyConsistent) {
                if signal == Int(GUEST_KICK_SIGNAL) { return }
                // It was the guest's: the thread that forwards takes it now.
                hostCall(__NR_kill, UInt64(hostCall(__NR_getpid)), UInt64(signal))
                return
            }
            if signal == Int(GUEST_KICK_SIGNAL) { continue }
            if ignored & HostSignals.bit(Int32(signal)) == 0 { role.interrupt(by: Int32(signal)) }
        }
    }
}
