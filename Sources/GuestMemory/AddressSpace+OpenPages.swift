/// What the guest could write without a fault when all its pages had been collected.
struct OpenPages {
    /// Empty where that collection watches all that it found.
    var runs: [DirtyRun]
    /// The page faults that this process had taken when it began.
    let faultCount: UInt64
}

/// Pages are collected without a search everywhere as long as page faults say where all that was written must be.
extension AddressSpace {
    /// Copies the pages that were written since the last collection of all, and those that it left open. False where
    /// these may not be all: then they have to be collected as usual, in addition.
    ///
    /// A page that may be written without a fault was found by that collection, as it has been written or may have
    /// been. So as long as this process has taken no fault since then, whatever was written is among those. (Redis with
    /// one client and one key takes none for most of its requests.) And where as many others are found as there were
    /// faults, these are all, as each had one of its own: they are looked for where written pages were found before.
    /// (Of redis with one client and many keys the search takes half as long so.)
    ///
    /// Not where other processes may write to the guest's memory, as their faults are not this one's; and not while the
    /// guest runs: what it writes meanwhile would be found instead of what it has written elsewhere before.
    ///
    /// - Parameters:
    ///   - leavesOpen: whether they are not watched again.
    ///   - pageCountMax: how many may be left open.
    ///   - isSecond: as of `collectDirtyPages`.
    ///   - faultCount: the page faults that this process has taken, at least by now; nil where nobody knows.
    public func collectLikelyPages(
        into staging: PageStaging, leavesOpen: Bool, pageCountMax: Int, isSecond: Bool = false,
        faultCount: @autoclosure () -> UInt64? = FaultCount.ofProcess, cost: inout CollectionCost
    ) throws -> Bool {
        let start = CollectionCost.now()
        var runs: [DirtyRun] = []
        let (memory, hasAll) = try state.withLock { state throws(TrackerError) in
            let hasAll = try state.takeLikelyRuns(
                faultCount(), leavesOpen: leavesOpen, pageCountMax: pageCountMax, into: &runs)
            if isSecond, hasAll { state.noteRewritten(runs) }
            return (state.tracking?.memory, hasAll)
        }
        guard let memory else { return false }
        return try copyFound(runs, hasAll: hasAll, since: start, into: staging, memory, cost: &cost)
    }

    /// The guest may have run while pages were collected without a search everywhere: these were not all.
    public func distrustCollection() {
        state.withLock { $0.tracking?.open = nil }
    }
}

extension AddressSpace.State {
    /// Whether stores to all that is mapped take a fault, but to pages that have been found since the last pass began.
    var isWatched: Bool {
        guard let tracking, tracking.protection != nil, tracking.untracked.isEmpty, !tracking.isReopened else {
            return false
        }
        return tracking.passes.isSettled(map) && !tracking.isSharedWithChildren
    }

    /// A pass over everything is over, which found these. The guest may have been running: what it has written behind
    /// the pass took a fault after that had begun.
    mutating func notePass(_ found: [DirtyRun], leavesOpen: Bool, faultCount: UInt64) {
        tracking?.open = OpenPages(runs: leavesOpen ? found : [], faultCount: faultCount)
        tracking?.likely.note(found.count <= Self.noteworthyRunCount ? found : [])
    }

    /// Of a pass that found more runs it is not noted where.
    static let noteworthyRunCount = 1024
    /// After more faults pages are not looked for by themselves: a search everywhere takes little longer then.
    private static let fewFaults: UInt64 = 1024

    /// Finds pages that were left open or written since; whether these are all. Where they are not, those that were not
    /// left open are to be copied all the same.
    fileprivate mutating func takeLikelyRuns(
        _ faultCount: @autoclosure () -> UInt64?, leavesOpen: Bool, pageCountMax: Int, into runs: inout [DirtyRun]
    ) throws(TrackerError) -> Bool {
        guard let open = tracking?.open, isWatched, tracking?.likely.isStale == false, let faultCount = faultCount(),
            faultCount >= open.faultCount
        else { return false }
        let newCount = faultCount - open.faultCount
        if newCount == 0, leavesOpen || open.runs.isEmpty {
            runs = open.runs
            tracking?.likely.noteNothingNew()
            return true
        }
        guard newCount <= Self.fewFaults else { return false }
        let expectedCount = open.runs.pageCount + Int(newCount)
        guard !leavesOpen || expectedCount <= pageCountMax, let regions = tracking?.likely.regionsToTry() else {
            return false
        }
        let isOfFaults = try scan(regions, protects: !leavesOpen, expectedCount: expectedCount, into: &runs)
        if isOfFaults, runs.pageCount == expectedCount {
            tracking?.open = OpenPages(runs: leavesOpen ? runs : [], faultCount: faultCount)
            tracking?.likely.noteHit()
            return true
        }
        tracking?.likely.noteMiss()
        // The search that follows finds them once more, unless they are watched again.
        if leavesOpen { runs.removeAll() } else { tracking?.open = nil }
        return false
    }
}
