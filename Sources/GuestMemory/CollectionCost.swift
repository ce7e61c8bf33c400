import Glibc

/// What collecting dirty pages took, by its parts. Adds up until it is taken anew.
public struct CollectionCost: Sendable {
    /// Finding them and having them watched again.
    public var scanNanoseconds: UInt64 = 0
    public var copyNanoseconds: UInt64 = 0
    /// Pages that were copied; one that was copied twice counts twice.
    public var pageCount = 0
    /// Pages that were found: also those that are a file's own, or are not there.
    public var foundPageCount = 0

    public init() {}

    /// CLOCK_MONOTONIC, through the vDSO.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
