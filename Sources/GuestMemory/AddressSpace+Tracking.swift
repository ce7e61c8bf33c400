import CGuestEntry
import Glibc

/// Which pages the guest has written since they were last asked for (architecture §2).
extension AddressSpace {
    /// Begins to track; once, before the guest's first thread runs. All that is there counts as written at first.
    public func startTracking(_ method: TrackerMethod) throws(TrackerError) {
        // A huge page is one mark for 512 pages: one store would send 2 MiB, and splitting it costs more than it ever
        // saved. There is no switch for one mapping that the guest could not undo by MADV_HUGEPAGE.
        HostMemory.disableHugePages()
        HostMemory.disableMerging()
        let tracking = try Tracking(method)
        state.withLock { $0.tracking = tracking }
        if method == .signal {
            TrackedWrites.begin(self)
            tracksBySignals.store(true, ordering: .sequentiallyConsistent)
        }
    }

    /// The tracker's descriptor on the host, by which the kernel knows what is watched; -1 for none.
    public var trackerDescriptor: Int32 {
        state.withLock { $0.tracking?.protection?.descriptor ?? -1 }
    }

    /// The ranges whose pages were dropped or replaced since this was last asked; taken with the guest stopped and
    /// before its dirty pages are collected. Where there were too many, all pages will be collected.
    public func takeDiscards() -> Discards {
        state.withLock { state in
            for range in state.tracking?.objects.refresh() ?? [] { state.noteDiscarded(range) }
            guard let log = state.tracking?.discards else { return .ranges([]) }
            state.tracking?.discards.removeAll()
            if log.isEverything {
                state.noteEverythingWritten()
                state.tracking?.lastShared?.remove(.everything)
                return .everything
            }
            var ranges = log.ranges
            ranges.mergeTouching()
            state.tracking?.lastShared?.remove(.ranges(ranges))
            return .ranges(ranges)
        }
    }

    /// Has the next collection take all pages that are there now in these ranges.
    public func markWritten(_ discards: Discards) {
        state.withLock { state in
            switch discards {
            case .everything: state.noteEverythingWritten()
            case .ranges(let ranges):
                for range in ranges {
                    if MemoryObjectSpace.number(at: range.start) == 0 {
                        state.tracking?.untracked.add(range)
                    } else {
                        state.tracking?.objects.noteWritten(in: range)
                    }
                }
            }
        }
    }

    /// A device has written there, in a call that is over. It has its pages from the call's beginning, which took a
    /// fault then; a collection beside the guest may have watched them again before the bytes came.
    public func noteWrittenDirectly(_ address: UInt64, _ count: Int) {
        guard
            let range = AddressRange(guestStart: address, count: UInt64(max(0, count)))?
                .intersection(GuestLayout.mappable)?.roundedOutToPages()
        else { return }
        state.withLock { state in
            guard let protection = state.tracking?.protection else { return }
            state.tracking?.isReopened = true
            if protection.unprotect(range) < 0 { state.tracking?.untracked.add(range) }
        }
    }

    /// Copies pages that were written since they were last collected, and watches them again from before the copy on:
    /// a write that races with it is found by the next collection. The guest may be running.
    ///
    /// Pages that are left open instead are found by the next collection whether they were written or not, and cost the
    /// guest no fault meanwhile.
    ///
    /// - Parameters:
    ///   - cursor: where to begin, 0 at first; afterwards, where to go on.
    ///   - pageCountMax: how many pages to find, and copy, at most.
    ///   - leavesOpen: whether they are not watched again; the guest is stopped.
    ///   - isSecond: whether all were collected a moment ago, so that what is found now is written all the time.
    ///   - cost: what it took is added there.
    /// - Returns: whether the whole address space has been looked at.
    public func collectDirtyPages(
        into staging: PageStaging, from cursor: inout UInt64, pageCountMax: Int, leavesOpen: Bool = false,
        isSecond: Bool = false, cost: inout CollectionCost
    ) throws -> Bool {
        var left = pageCountMax
        var last = CollectionCost.now()
        var runs: [DirtyRun] = []
        let memory = state.withLock { $0.tracking?.memory }
        guard let memory else { throw TrackerError("dirty pages are not tracked") }
        let faultCount = cursor == 0 && !mayRefuseWrites ? FaultCount.ofProcess : nil
        var found: [DirtyRun] = []
        while left > 0, cursor < GuestLayout.arena.end {
            runs.removeAll(keepingCapacity: true)
            let from = max(cursor, GuestLayout.arena.start)
            let step = ScanStep(start: from, pageCountMax: left, leavesOpen: leavesOpen)
            let progress = try state.withLock { state throws(TrackerError) in
                let progress = try state.takeDirtyRuns(step, into: &runs)
                if isSecond { state.noteRewritten(runs) }
                return progress
            }
            cursor = progress.end
            left -= progress.pageCount
            cost.foundPageCount += progress.pageCount
            let scanned = CollectionCost.now()
            cost.scanNanoseconds += scanned - last
            if faultCount != nil, leavesOpen || found.count <= AddressSpace.State.noteworthyRunCount { found += runs }
            for run in runs {
                try copy(run, into: staging, memory)
                cost.pageCount += run.pageCount
            }
            last = CollectionCost.now()
            cost.copyNanoseconds += last - scanned
        }
        defer { cost.copyNanoseconds += CollectionCost.now() - last }
        let isFinished = try left > 0 && collectObjectPages(into: staging, from: &cursor, pageCountMax: left)
        // Whoever wants all at once has stopped the guest.
        if isFinished, pageCountMax == .max || leavesOpen { try collectSharedPages(into: staging, memory) }
        if isFinished, let faultCount {
            state.withLock { $0.notePass(found, leavesOpen: leavesOpen, faultCount: faultCount) }
        }
        return isFinished
    }

    /// As above, where nobody asks what it took.
    public func collectDirtyPages(
        into staging: PageStaging, from cursor: inout UInt64, pageCountMax: Int
    ) throws -> Bool {
        var cost = CollectionCost()
        return try collectDirtyPages(into: staging, from: &cursor, pageCountMax: pageCountMax, cost: &cost)
    }

    /// The pages of memory objects that were written otherwise than through mappings.
    func collectObjectPages(
        into staging: PageStaging, from cursor: inout UInt64, pageCountMax: Int
    ) throws -> Bool {
        var runs: [MemoryObjectRun] = []
        cursor =
            state.withLock { state in
                state.tracking?.objects.takeWritten(from: cursor, pageCountMax: pageCountMax, into: &runs)
            } ?? MemoryObjectSpace.end
        for run in runs {
            for index in 0..<run.pageCount {
                _ = try staging.place(run.number + UInt64(index)) { slot in run.copy(index, to: slot) }
            }
        }
        return cursor >= MemoryObjectSpace.end
    }

    /// Copies what was found by a look that began at `start`, other than by a search everywhere, and where that is all
    /// of the guest's mappings, the pages of memory objects. Whether that is all there is.
    func copyFound(
        _ runs: [DirtyRun], hasAll: Bool, since start: UInt64, into staging: PageStaging, _ memory: HostDescriptor,
        cost: inout CollectionCost
    ) throws -> Bool {
        let found = CollectionCost.now()
        cost.scanNanoseconds += found - start
        defer { cost.copyNanoseconds += CollectionCost.now() - found }
        for run in runs {
            try copy(run, into: staging, memory)
            cost.pageCount += run.pageCount
            cost.foundPageCount += run.pageCount
        }
        guard hasAll else { return false }
        var cursor = GuestLayout.arena.end
        return try collectObjectPages(into: staging, from: &cursor, pageCountMax: .max)
    }

    private static let copyAttempts = 4

    func copy(_ run: DirtyRun, into staging: PageStaging, _ memory: HostDescriptor) throws {
        for index in 0..<run.pageCount {
            let number = run.number + UInt64(index)
            let address = run.start + UInt64(index) * pageSize
            var attemptsLeft = Self.copyAttempts
            // Unmapped meanwhile, or cut off with its file: then there is nothing to send. A guest that runs may have
            // mapped something there again since; so it is tried once more.
            while try !staging.place(number, { slot in copy(run, index, to: slot, memory) }),
                area(containing: address)?.isArenaMemory == true
            {
                attemptsLeft -= 1
                if attemptsLeft == 0 {
                    throw TrackerError("the guest's page at \(hexadecimal(address)) cannot be read")
                }
            }
        }
    }

    /// Copies a run's page; false where there is none.
    func copy(_ run: DirtyRun, _ index: Int, to slot: UnsafeMutableRawPointer, _ memory: HostDescriptor) -> Bool {
        let address = run.start + UInt64(index) * pageSize
        if run.isReadable, GuestAccess.copyIn(slot, from: address, count: Int(pageSize)) { return true }
        return copyUnreadable(address, to: slot, memory)
    }

    /// Pages that the guest itself may not read, such as what a collector has set aside, have content all the same.
    private func copyUnreadable(_ address: UInt64, to slot: UnsafeMutableRawPointer, _ memory: HostDescriptor) -> Bool {
        let count = retryingInterrupts {
            hostCall(__NR_pread64, UInt64(signed: memory.number), UInt64(address: slot), pageSize, address)
        }
        return count == Int(pageSize)
    }
}
