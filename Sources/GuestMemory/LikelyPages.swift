/// Where a collection looks for written pages before it looks everywhere, and whether that is worth it: pure.
struct LikelyPages {
    private(set) var regions = LikelyPages.noRegions
    /// Collections left that do not try, as it was in vain, and how many it will be the next time.
    private var restLeft = 0
    private var rest = 0
    /// Collections since the last search everywhere.
    private var hitCount = 0

    private static let noRegions = WrittenRegions(roundedByteCount: 64 << 10)
    static let restMax = 64
    static let hitCountMax = 1024

    /// Whether everything is to be searched once more, and regions noted anew: a guest that has gone elsewhere would
    /// have where it was looked through for ever. And what a debugger stores is found then at the latest.
    var isStale: Bool { hitCount >= Self.hitCountMax }

    /// Where to look; nil where it is not tried.
    mutating func regionsToTry() -> [AddressRange]? {
        if restLeft > 0 {
            restLeft -= 1
            return nil
        }
        return regions.ranges.isEmpty ? nil : regions.ranges
    }

    /// All was known without looking.
    mutating func noteNothingNew() {
        hitCount += 1
    }

    /// That was all there is.
    mutating func noteHit() {
        rest = 0
        hitCount += 1
    }

    /// There may be others.
    mutating func noteMiss() {
        restLeft = rest
        rest = min(max(1, 2 * rest), Self.restMax)
    }

    /// What a search everywhere has found.
    mutating func note(_ runs: [DirtyRun]) {
        // Too many places to keep: from now on others may do.
        if regions.isOverfull || isStale { regions = LikelyPages.noRegions }
        hitCount = 0
        regions.note(runs)
    }
}
