/// What the last top-down search for free addresses learnt, so that the next need not start over.
///
/// Guests map many areas close together under the top, and each search would walk past all of them. Linux had the same
/// pair of numbers before it kept gaps in a tree (free_area_cache and cached_hole_size, mm/mmap.c up to 3.7).
///
/// What holds at all times: a gap is the free run between two areas, less the guard below an area that grows downwards,
/// cut to end at `ceiling`. **Every gap that ends above `position` has at most `largestAbove` bytes.** So a search
/// under the same ceiling for more than that may start at `position`. An edit cuts gaps up, or makes one larger, which
/// ``noteGap(_:)`` takes in.
struct GapCache: Equatable, Sendable {
    /// The upper end of the searches that this is about; 0 when nothing is known.
    private(set) var ceiling: UInt64 = 0

    /// Down to where the gaps are known.
    private(set) var position: UInt64 = 0

    /// The most bytes that a gap ending above `position` may have.
    private(set) var largestAbove: UInt64 = 0

    /// Where a search for `count` bytes below `ceiling` can start, and the largest gap it thereby passes over.
    func start(count: UInt64, ceiling: UInt64) -> (top: UInt64, largestPassed: UInt64) {
        if ceiling == self.ceiling, count > largestAbove { return (position, largestAbove) }
        return (ceiling, 0)
    }

    /// Takes in where a search got to.
    ///
    /// Searches below a lower ceiling (MAP_32BIT) are rare, and do not push out what is known of the usual one.
    mutating func noteSearch(ceiling: UInt64, position: UInt64, largestPassed: UInt64) {
        if ceiling < self.ceiling { return }
        self.ceiling = ceiling
        self.position = position
        largestAbove = largestPassed
    }

    /// Takes in a gap that has become larger or come to be.
    ///
    /// - Parameter gap: the whole free run, not yet cut to the ceiling.
    mutating func noteGap(_ gap: AddressRange) {
        let end = min(gap.end, ceiling)
        if end <= position || end <= gap.start { return }
        largestAbove = max(largestAbove, end - gap.start)
    }
}
