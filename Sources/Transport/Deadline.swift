import Glibc

/// A moment of CLOCK_MONOTONIC by which something has to be done; a wait that is interrupted goes on to the same one.
struct Deadline: Sendable {
    /// Nil never comes.
    private let nanoseconds: UInt64?

    static let never = Deadline(in: nil)

    init(in timeoutNanoseconds: UInt64?) {
        nanoseconds = timeoutNanoseconds.map { timeout in
            let (sum, overflow) = Deadline.now().addingReportingOverflow(timeout)
            return overflow ? .max : sum
        }
    }

    var isNever: Bool { nanoseconds == nil }

    /// Nil where the deadline never comes; 0 once it is past.
    var remainingNanoseconds: UInt64? {
        guard let nanoseconds else { return nil }
        let now = Deadline.now()
        return nanoseconds > now ? nanoseconds - now : 0
    }

    /// As poll(2) wants it: rounded up, so that a wait does not end just before the deadline, and a minute at the most,
    /// so that a longer one is asked again.
    var pollMilliseconds: Int32 {
        guard let remaining = remainingNanoseconds else { return -1 }
        return Int32(min(remaining / 1_000_000 + (remaining % 1_000_000 == 0 ? 0 : 1), 60_000))
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
