import CGuestEntry
import CThreadGate
import Glibc
import GuestKernel
import GuestMemory
import Synchronization

/// Ends this process the way the guest ended.
enum ProcessEnd {
    /// PR_SET_DUMPABLE of uapi/linux/prctl.h; Glibc does not show it to Swift.
    private static let setDumpable: UInt64 = 4
    private static let isTaken = Atomic<Bool>(false)

    /// True for the first thread that asks. Any other sleeps for ever: the first ends the process.
    static func take() {
        if isTaken.compareExchange(expected: false, desired: true, ordering: .sequentiallyConsistent).exchanged {
            ControlService.removeSocket()
            memory_keeper_stop()
            return
        }
        thread_gate_quit()
        while true { pause() }
    }

    /// Without exit handlers: other threads of the supervisor's are still running.
    static func exit(_ status: Int32) -> Never {
        while true { hostCall(__NR_exit_group, UInt64(signed: status)) }
    }

    static func end(as end: GuestEnd) -> Never {
        switch end {
        case .exited(let status): exit(status)
        case .signalled(let signal): die(by: signal)
        }
    }

    /// A parent sees from the wait status which signal it was; a shell makes 128 + n of it.
    static func die(by signal: Int32) -> Never {
        // A core would be the supervisor's. The limit does not hold where cores go to a program (core(5)).
        var none: (UInt64, UInt64) = (0, 0)
        hostCall(__NR_prlimit64, 0, UInt64(RLIMIT_CORE.rawValue), UInt64(address: &none), 0)
        hostCall(__NR_prctl, setDumpable, 0, 0, 0, 0)
        guest_signals_restore_default(signal)
        // To this thread, where it is unblocked: sent to the process, it could be read from the forwarder's
        // sigwaitinfo instead, and this thread would go on to the exit below.
        hostCall(__NR_tgkill, UInt64(hostCall(__NR_getpid)), UInt64(hostCall(__NR_gettid)), UInt64(signed: signal))
        // Only for a signal that ends nobody.
        exit(128 + signal)
    }
}
