import CGuestEntry
import Glibc
import GuestMemory

/// Priorities and processors: guest threads are host threads, so the host's scheduler answers once
/// the ids are translated. What takes only an id is passed on by the table alone.
enum SchedulingCalls {
    private static let ofProcess: UInt64 = 0
    private static let ioOfProcess: UInt64 = 1

    static func getCpu(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        var processor: UInt32 = 0
        var node: UInt32 = 0
        let result = hostCall(__NR_getcpu, UInt64(address: &processor), UInt64(address: &node))
        if result < 0 { return result }
        if arguments.a != 0, !GuestAccess.store(processor, at: arguments.a) { return failed(EFAULT) }
        if arguments.b != 0, !GuestAccess.store(node, at: arguments.b) { return failed(EFAULT) }
        return 0
    }

    /// getpriority, setpriority: PRIO_PROCESS names a task, groups and users are the host's own.
    static func priority(_ number: Int32) -> SyscallHandler {
        { thread, arguments in named(thread, number, arguments, taskKind: ofProcess) }
    }

    /// ioprio_get, ioprio_set: likewise with IOPRIO_WHO_PROCESS.
    static func ioPriority(_ number: Int32) -> SyscallHandler {
        { thread, arguments in named(thread, number, arguments, taskKind: ioOfProcess) }
    }

    private static func named(
        _ thread: GuestThread, _ number: Int32, _ arguments: SyscallArguments, taskKind: UInt64
    ) -> Int {
        var who = arguments.b
        if arguments.a == taskKind {
            guard let task = thread.kernel.hostTask(Int32(truncatingIfNeeded: who), thread) else {
                return failed(ESRCH)
            }
            who = UInt64(signed: task)
        }
        return hostCall(number, arguments.a, who, arguments.c)
    }
}
