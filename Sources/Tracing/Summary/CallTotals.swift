/// What is added up over the calls of one number, or over all.
struct CallTotals: Sendable, BitwiseCopyable {
    var calls: UInt64 = 0
    var errors: UInt64 = 0
    var nanoseconds: UInt64 = 0
    var shortestNanoseconds: UInt64 = .max
    var longestNanoseconds: UInt64 = 0

    @inline(__always)
    mutating func add(isError: Bool, nanoseconds duration: UInt64) {
        calls += 1
        if isError { errors += 1 }
        nanoseconds &+= duration
        shortestNanoseconds = min(shortestNanoseconds, duration)
        longestNanoseconds = max(longestNanoseconds, duration)
    }

    mutating func add(_ other: CallTotals) {
        calls += other.calls
        errors += other.errors
        nanoseconds &+= other.nanoseconds
        shortestNanoseconds = min(shortestNanoseconds, other.shortestNanoseconds)
        longestNanoseconds = max(longestNanoseconds, other.longestNanoseconds)
    }
}
