import CGuestEntry
import Glibc
import GuestMemory

/// The table made flat for the way in: a handler for every number, found without a branch on kinds.
///
/// Sound: the buffers are filled once in `init`, before any guest thread runs, and never changed.
final class Dispatcher: @unchecked Sendable {
    private let handlers: UnsafeMutablePointer<SyscallHandler>
    /// False for the numbers that are counted as unknown: without a row, or refused.
    private let isKnown: UnsafeMutablePointer<Bool>

    init() {
        handlers = .allocate(capacity: SyscallTable.count)
        isKnown = .allocate(capacity: SyscallTable.count)
        for number in 0..<SyscallTable.count {
            let row = SyscallTable.rows[number]
            (handlers + number).initialize(to: Dispatcher.handler(for: row, number))
            let isServed = row != nil && row?.callClass != .refused
            (isKnown + number).initialize(to: isServed || SyscallTable.triedAtStart.contains(number))
        }
    }

    deinit {
        handlers.deinitialize(count: SyscallTable.count)
        handlers.deallocate()
        isKnown.deallocate()
    }

    /// Does the call. A number without a row is ENOSYS and counted by name.
    @inline(__always)
    func call(_ number: UInt32, _ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard number < UInt32(SyscallTable.count) else {
            thread.kernel.statistics.countUnknown(Int(Int32(bitPattern: number)))
            return failed(ENOSYS)
        }
        let index = Int(number)
        if !isKnown[index] { thread.kernel.statistics.countUnknown(index) }
        return handlers[index](thread, arguments)
    }

    /// Calls that give a thread a priority, processors or an identity of its own.
    private static let settingThreadsApart: Set<Int32> = [
        __NR_setpriority, __NR_sched_setparam, __NR_sched_setscheduler, __NR_sched_setaffinity, __NR_sched_setattr,
        __NR_ioprio_set, __NR_setuid, __NR_setgid, __NR_setreuid, __NR_setregid, __NR_setresuid, __NR_setresgid,
        __NR_setgroups, __NR_setfsuid, __NR_setfsgid, __NR_capset,
    ]

    private static func handler(for row: Syscall?, _ number: Int) -> SyscallHandler {
        let handler = handler(for: row)
        guard settingThreadsApart.contains(Int32(number)) else { return handler }
        return { thread, arguments in
            thread.kernel.gate.demand.withdraw()
            return handler(thread, arguments)
        }
    }

    private static func handler(for row: Syscall?) -> SyscallHandler {
        guard let row else { return { _, _ in failed(ENOSYS) } }
        if let handler = row.handler { return handler }
        if row.callClass == .passedOn { return PassOn(row).handler }
        let refusal = row.refusal == 0 ? ENOSYS : row.refusal
        guard let report = row.refusalReport else { return { _, _ in failed(refusal) } }
        return { thread, _ in
            thread.kernel.reportOnce(report)
            return failed(refusal)
        }
    }
}
