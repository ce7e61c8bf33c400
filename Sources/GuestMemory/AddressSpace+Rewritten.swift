import CGuestEntry
import Glibc

/// What was written since a collection that went beside the guest, found without another search everywhere: the guest
/// stands still for that.
extension AddressSpace {
    /// Copies the pages that were written since all were collected and watched, with the guest stopped now and nothing
    /// dropped in between. False where that may not be all: then they have to be collected as usual, in addition.
    ///
    /// They are not watched again: most are about to be written once more, and to have the processors of threads that
    /// have only just stopped told of the change takes 40 us.
    ///
    /// Each page that has been written since took a fault of its own. So where as many pages are found as there were
    /// faults there are no others. They are looked for where such pages were found before.
    ///
    /// - Parameter faultCount: at least as many faults as the guest's memory has seen since that collection began.
    public func collectRewrittenPages(
        into staging: PageStaging, faultCount: UInt64, cost: inout CollectionCost
    ) throws -> Bool {
        let start = CollectionCost.now()
        var runs: [DirtyRun] = []
        let (memory, hasAll) = try state.withLock { state throws(TrackerError) in
            (state.tracking?.memory, try state.takeRewrittenRuns(faultCount, into: &runs))
        }
        guard let memory else { return false }
        return try copyFound(runs, hasAll: hasAll, since: start, into: staging, memory, cost: &cost)
    }
}

extension AddressSpace.State {
    /// Where pages are found again: the next epoch's are looked for there.
    mutating func noteRewritten(_ runs: [DirtyRun]) {
        tracking?.rewritten.note(runs)
    }

    /// Whether these are all. Where they are not, the usual collection says where the others are (`noteRewritten`).
    fileprivate mutating func takeRewrittenRuns(
        _ faultCount: UInt64, into runs: inout [DirtyRun]
    ) throws(TrackerError) -> Bool {
        // A page that was left open in an earlier epoch is closed by the next pass, but for one that the guest could
        // not write to at that time: what it may write must still be what it could.
        guard let tracking, isWatched else { return false }
        if faultCount == 0 { return true }
        let expectedCount = Int(min(faultCount, UInt64(Int32.max)))
        let isOfFaults = try scan(
            tracking.rewritten.ranges, protects: false, expectedCount: expectedCount, into: &runs)
        if isOfFaults, UInt64(runs.pageCount) == faultCount { return true }
        self.tracking?.rewritten = Tracking.noRewrittenRegions
        noteRewritten(runs)
        return false
    }

    /// Finds what was written in these regions, about so many pages. False where a page may have been found that took
    /// no fault of its own: one of shared memory may have been written through another mapping, and been read here.
    mutating func scan(
        _ regions: [AddressRange], protects: Bool, expectedCount: Int, into runs: inout [DirtyRun]
    ) throws(TrackerError) -> Bool {
        guard let protection = tracking?.protection else { return false }
        let spans = tracking?.passes.spans(of: map, hostHasSwap: Self.hostHasSwap) ?? []
        let mayBeMany = expectedCount >= WriteProtection.fewRegions
        var hasAllOfFaults = true
        for region in regions {
            let first = spans.partitionPoint { $0.range.end > region.start }
            for span in spans[first...] {
                guard let range = span.range.intersection(region), !range.isEmpty else { break }
                do {
                    let isOfFaults = try scan(range, span, protection, protects: protects, mayBeMany, into: &runs)
                    hasAllOfFaults = hasAllOfFaults && isOfFaults
                } catch {
                    guard error.errno == EPERM else { throw error }
                    // A mapping that is not registered. What was protected again before it came to that is not said.
                    tracking?.untracked.addEverything()
                    return false
                }
            }
        }
        return hasAllOfFaults
    }

    private mutating func scan(
        _ range: AddressRange, _ span: ScanSpan, _ protection: WriteProtection, protects: Bool, _ mayBeMany: Bool,
        into runs: inout [DirtyRun]
    ) throws(TrackerError) -> Bool {
        var rest = range
        var isOfFaults = true
        while !rest.isEmpty {
            let scan = try protection.scan(
                rest, mustBePresent: span.mustBePresent, pageCountMax: 0, mayBeMany: mayBeMany, protects: protects)
            for found in scan.regions where try !append(found, protection, to: &runs) { isOfFaults = false }
            rest.start = max(scan.end, rest.start + pageSize)
        }
        return isOfFaults
    }
}

extension [DirtyRun] {
    var pageCount: Int { reduce(0) { $0 + $1.pageCount } }
}
