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
        for run in runs {
            tracking?.rewritten.note(AddressRange(start: run.start, count: UInt64(run.pageCount) * pageSize))
        }
    }

    /// Whether these are all. Where they are not, the usual collection says where the others are (`noteRewritten`).
    fileprivate mutating func takeRewrittenRuns(
        _ faultCount: UInt64, into runs: inout [DirtyRun]
    ) throws(TrackerError) -> Bool {
        // A page that was left open in an earlier epoch is closed by the next pass, but for one that the guest could
        // not write to at that time: what it may write must still be what it could.
        guard let tracking, isWatched else { return false }
        if faultCount == 0 { return true }
        let isOfFaults = try scanRewritten(tracking.rewritten.ranges, into: &runs)
        if isOfFaults, runs.reduce(0, { $0 + UInt64($1.pageCount) }) == faultCount { return true }
        self.tracking?.rewritten = RewrittenRegions()
        noteRewritten(runs)
        return false
    }

    /// Finds what was written in these regions. False where a page may have been found that took no fault of its own.
    private mutating func scanRewritten(
        _ regions: [AddressRange], into runs: inout [DirtyRun]
    ) throws(TrackerError) -> Bool {
        guard let protection = tracking?.protection else { return false }
        let spans = tracking?.passes.spans(of: map, hostHasSwap: Self.hostHasSwap) ?? []
        for region in regions {
            for span in spans {
                guard let range = span.range.intersection(region) else { continue }
                do {
                    let scan = try protection.scan(
                        range, mustBePresent: span.mustBePresent, pageCountMax: 0, mayBeMany: true, protects: false)
                    for found in scan.regions { try append(found, protection, to: &runs) }
                    if scan.regions.contains(where: isShared) { return false }
                } catch {
                    // A mapping that is not registered yet.
                    guard error.errno == EPERM else { throw error }
                    return false
                }
            }
        }
        return true
    }

    /// One fault may show several pages of shared memory (do_fault_around of mm/memory.c).
    private func isShared(_ region: WriteProtection.Region) -> Bool {
        let range = AddressRange(start: region.start, end: region.end)
        return map.areas(overlapping: range).contains { $0.kind.isShared }
    }
}
