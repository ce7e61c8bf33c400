/// What a collection has found and left open to writes.
struct OpenPages {
    var runs: [DirtyRun]
    /// The page faults that this process had taken when that collection began.
    let faultCount: UInt64
}

/// Pages that were left open are copied again without a search as long as nothing else can have been written.
extension AddressSpace {
    /// Copies the pages that the last collection left open, which stay so. False where there are none, or the guest may
    /// have written to others: then its pages have to be collected as usual, in addition.
    ///
    /// A page that may be written without a fault was found by that collection, as it has been written or may have
    /// been. So as long as this process has taken no fault since then, whatever was written is among those. (Redis with
    /// one client takes none for most of its requests.)
    ///
    /// Not where other processes may write to the guest's memory: their faults are not this one's.
    public func collectOpenPages(into staging: PageStaging, cost: inout CollectionCost) throws -> Bool {
        try collectOpenPages(into: staging, faultCount: FaultCount.ofProcess, cost: &cost)
    }

    /// `faultCount`: the page faults that this process has taken, at least by now.
    func collectOpenPages(
        into staging: PageStaging, faultCount: @autoclosure () -> UInt64?, cost: inout CollectionCost
    ) throws -> Bool {
        let start = CollectionCost.now()
        let (memory, runs) = state.withLock { ($0.tracking?.memory, $0.openRuns(faultCount())) }
        guard let memory, let runs else { return false }
        return try copyFound(runs, hasAll: true, since: start, into: staging, memory, cost: &cost)
    }
}

extension AddressSpace.State {
    /// Whether stores to all that is mapped take a fault, but to pages that the last pass has found.
    var isWatched: Bool {
        guard let tracking, tracking.protection != nil, tracking.untracked.isEmpty, !tracking.isReopened else {
            return false
        }
        return tracking.passes.isSettled(map) && !tracking.isSharedWithChildren
    }

    /// A pass that left open what it found is over.
    mutating func noteLeftOpen(_ runs: [DirtyRun], faultCount: UInt64?) {
        guard tracking?.protection != nil else { return }
        tracking?.open = faultCount.map { OpenPages(runs: runs, faultCount: $0) }
    }

    /// nil where there may be others, or none were left open.
    fileprivate func openRuns(_ faultCount: @autoclosure () -> UInt64?) -> [DirtyRun]? {
        guard let open = tracking?.open, isWatched, faultCount() == open.faultCount else { return nil }
        return open.runs
    }
}
