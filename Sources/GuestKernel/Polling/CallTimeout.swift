import CGuestEntry
import Glibc
import GuestMemory

/// A relative timeout that lies in guest memory and into which the kernel writes what is left of it
/// (poll_select_finish in fs/select.c).
struct CallTimeout {
    /// What the structure's second word counts.
    enum Unit {
        /// struct timespec.
        case seconds
        /// struct timeval, which need not be normalised.
        case microseconds
    }

    private let address: UInt64
    private let unit: Unit
    /// A zero timeout: a question only.
    let isImmediate: Bool

    /// Reads the timeout at `address`, 0 for none, and sets the waiter's deadline unless the call is being
    /// made again, which continues to the deadline that it has.
    static func load(_ thread: GuestThread, at address: UInt64, as unit: Unit) -> Result<CallTimeout, CallError> {
        if address == 0 { return .success(CallTimeout(address: 0, unit: unit, isImmediate: false)) }
        if thread.waiter.deadlineNanoseconds != nil {
            return .success(CallTimeout(address: address, unit: unit, isImmediate: false))
        }
        return relative(at: address, unit).map { nanoseconds in
            if nanoseconds > 0 {
                thread.waiter.deadlineNanoseconds = thread.kernel.clock.deadline(after: nanoseconds)
            }
            return CallTimeout(address: address, unit: unit, isImmediate: nanoseconds == 0)
        }
    }

    private static func relative(at address: UInt64, _ unit: Unit) -> Result<UInt64, CallError> {
        if unit == .seconds { return GuestClock.loadTime(at: address) }
        guard let time = GuestAccess.load(timeval.self, at: address) else { return .failure(CallError(errno: EFAULT)) }
        let seconds = time.tv_sec.addingReportingOverflow(time.tv_usec / 1_000_000)
        let rest = time.tv_usec % 1_000_000
        guard !seconds.overflow, seconds.partialValue >= 0, rest >= 0 else {
            return .failure(CallError(errno: EINVAL))
        }
        return .success(GuestClock.nanoseconds(seconds: UInt64(seconds.partialValue), UInt64(rest) * 1000))
    }

    /// Writes the time left. That it cannot be written changes nothing, as in the kernel: the call is done.
    func storeRemaining(_ thread: GuestThread) {
        guard address != 0, !isImmediate else { return }
        var left = timespec()
        guard thread.remaining(until: thread.waiter.deadlineNanoseconds, &left) else { return }
        switch unit {
        case .seconds:
            _ = GuestAccess.store(left, at: address)
        case .microseconds:
            _ = GuestAccess.store(timeval(tv_sec: left.tv_sec, tv_usec: left.tv_nsec / 1000), at: address)
        }
    }
}
