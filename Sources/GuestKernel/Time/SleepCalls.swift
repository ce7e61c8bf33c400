import CGuestEntry
import Glibc
import GuestMemory

/// nanosleep(2) and clock_nanosleep(2).
enum SleepCalls {
    /// Where a sleep reads what it is to do, and what it tells when it was cut short.
    private struct Request {
        var clock: Int32
        var isAbsolute: Bool
        var time: UInt64
        /// Where the time left goes; 0 for nowhere.
        var remainder: UInt64
    }

    private static let absoluteFlag: UInt64 = 1

    static func nanosleep(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        sleep(
            thread,
            Request(clock: CLOCK_MONOTONIC, isAbsolute: false, time: arguments.a, remainder: arguments.b))
    }

    static func clockNanosleep(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let clock = Int32(truncatingIfNeeded: arguments.a)
        switch clock {
        case CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, ClockIdentity.tai: break
        default:
            return failed(ClockIdentity.host(clock, thread) == nil ? EINVAL : EOPNOTSUPP)
        }
        let isAbsolute = arguments.b & absoluteFlag != 0
        return sleep(
            thread,
            Request(
                clock: clock, isAbsolute: isAbsolute, time: arguments.c, remainder: isAbsolute ? 0 : arguments.d))
    }

    private static func sleep(_ thread: GuestThread, _ request: Request) -> Int {
        let clock = thread.kernel.clock
        if thread.waiter.deadlineNanoseconds == nil {
            switch GuestClock.loadTime(at: request.time) {
            case .failure(let error):
                return failed(error.errno)
            case .success(let time):
                let deadline = request.isAbsolute ? clock.deadline(at: time, of: request.clock) : nil
                thread.waiter.deadlineNanoseconds = deadline ?? clock.deadline(after: time)
            }
        }
        let deadline = thread.waiter.deadlineNanoseconds ?? 0
        while thread.prepareToSleep() {
            if !thread.sleepUntilWoken(deadlineNanoseconds: deadline) { return 0 }
        }
        let now = clock.monotonicNanoseconds()
        if now >= deadline { return 0 }
        // Written whether or not a handler runs, as hrtimer_nanosleep does before its restart block.
        if request.remainder != 0 {
            let left = timespec(nanoseconds: deadline - now)
            guard GuestAccess.store(left, at: request.remainder) else { return failed(EFAULT) }
        }
        return Restart.withoutHandler
    }
}
