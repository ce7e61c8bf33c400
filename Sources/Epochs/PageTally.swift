/// How pages were encoded, and what that came to. Plain lanes, so that it is copied without allocating.
public struct PageTally: Equatable, Sendable {
    // A lane for each coding, by its number.
    private var pageCounts = SIMD8<UInt64>.zero
    private var byteCounts = SIMD8<UInt64>.zero
    /// Pages that the history had a base for, and those it had none for.
    public internal(set) var historyHits: UInt64 = 0
    public internal(set) var historyMisses: UInt64 = 0
    /// Pages that had to make room in the history.
    public internal(set) var historyEvictions: UInt64 = 0

    public init() {}

    public func pageCount(_ coding: PageCoding) -> UInt64 { pageCounts[Int(coding.rawValue)] }
    /// With their headers.
    public func byteCount(_ coding: PageCoding) -> UInt64 { byteCounts[Int(coding.rawValue)] }

    public var pageCount: UInt64 { pageCounts.wrappedSum() }
    public var byteCount: UInt64 { byteCounts.wrappedSum() }
    /// What the pages are without any coding.
    public var rawByteCount: UInt64 { pageCount * UInt64(PageCoding.pageByteCount) }

    mutating func add(_ coding: PageCoding, byteCount: Int) {
        pageCounts[Int(coding.rawValue)] &+= 1
        byteCounts[Int(coding.rawValue)] &+= UInt64(byteCount)
    }

    public static func += (left: inout PageTally, right: PageTally) {
        left.pageCounts &+= right.pageCounts
        left.byteCounts &+= right.byteCounts
        left.historyHits += right.historyHits
        left.historyMisses += right.historyMisses
        left.historyEvictions += right.historyEvictions
    }
}
