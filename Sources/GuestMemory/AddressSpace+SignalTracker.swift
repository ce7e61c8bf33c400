import CGuestEntry
import Glibc
public import Synchronization

/// Dirty pages found by mprotect(2) and SIGSEGV: what the guest may write is closed to writes when it is collected,
/// and the first write to a page opens that page.
///
/// What is open is in the log of what is not tracked. The log may hold pages that nobody has written; it must never
/// lack one that can be written.
extension AddressSpace {
    /// Opens the page that a guest's write has just been refused, where it is closed only for tracking. False where
    /// the guest may not write there: then the fault is its own.
    public func resolveTrackedWrite(_ address: UInt64) -> Bool {
        guard mayRefuseWrites, address < GuestLayout.arenaEnd else { return false }
        let page = roundDownToPage(address)
        return state.withLock { $0.open(AddressRange(start: page, count: pageSize)) }
    }

    /// Whether a write to what the guest may write can be refused all the same.
    @inlinable
    public var mayRefuseWrites: Bool { tracksBySignals.load(ordering: .relaxed) }

    /// Runs `body`, a host call that writes to these places on the guest's behalf, with their pages open: the host's
    /// kernel does not come by way of SIGSEGV, it answers EFAULT. They stay open until it is over, also where pages
    /// are collected meanwhile.
    @inlinable
    public func writing<Outcome>(_ address: UInt64, _ count: Int, _ body: () -> Outcome) -> Outcome {
        if !mayRefuseWrites { return body() }
        return holding([AddressRange(guestStart: address, count: UInt64(max(0, count)))].compactMap { $0 }, body)
    }

    /// The same for several places.
    public func holding<Outcome>(_ ranges: [AddressRange], _ body: () -> Outcome) -> Outcome {
        let ranges = ranges.compactMap { $0.intersection(GuestLayout.mappable)?.roundedOutToPages() }
        state.withLock { state in
            for range in ranges { _ = state.open(range) }
            state.tracking?.held += ranges
        }
        defer {
            state.withLock { state in
                for range in ranges {
                    guard let index = state.tracking?.held.firstIndex(of: range) else { continue }
                    state.tracking?.held.remove(at: index)
                }
            }
        }
        return body()
    }

    /// Opens what is closed only for tracking in a range; false where nothing is.
    func openTracked(_ range: AddressRange) -> Bool {
        guard let range = range.intersection(GuestLayout.mappable)?.roundedOutToPages() else { return false }
        return state.withLock { $0.open(range) }
    }
}

extension AddressSpace.State {
    /// Every run of open pages among closed ones costs the host two mappings of the 65 530 that it allows a process
    /// (vm.max_map_count); from these numbers of runs on, more is opened at a time.
    private static let runsOf64KiB = 4096
    private static let runsOf2MiB = 8192

    /// Lets the guest write to what its areas allow in a range. False where they allow nothing.
    mutating func open(_ range: AddressRange) -> Bool {
        var hasOpened = false
        for area in map.areas(overlapping: enlarged(range)) where area.protection.contains(.write) {
            guard area.kind.isTracked, area.range.overlaps(range) else { continue }
            guard let part = area.range.intersection(enlarged(range)) else { continue }
            keepPristine(part)
            // The host may be out of mappings: the whole area is one.
            let opened = HostMemory.protect(part, area.protection) >= 0 ? part : area.range
            if opened == area.range, HostMemory.protect(opened, area.protection) < 0 { continue }
            noteOpened(opened)
            hasOpened = true
        }
        return hasOpened
    }

    private func enlarged(_ range: AddressRange) -> AddressRange {
        let runs = tracking?.untracked.ranges.count ?? 0
        if runs < Self.runsOf64KiB { return range }
        let unit: UInt64 = runs < Self.runsOf2MiB ? 64 << 10 : 2 << 20
        return AddressRange(start: range.start & ~(unit - 1), end: (range.end + unit - 1) & ~(unit - 1))
    }

    /// Closes some of what is open, unless it is to be left so, and finds which of its pages are there.
    mutating func takeOpenRuns(_ step: ScanStep, into runs: inout [DirtyRun]) throws(TrackerError) -> ScanProgress {
        let start = step.start
        guard let tracking, !tracking.untracked.isEmpty else {
            return ScanProgress(end: GuestLayout.arena.end, pageCount: 0)
        }
        var open = tracking.untracked.isEverything ? [GuestLayout.arena] : tracking.untracked.ranges
        open.mergeTouching()
        var held = tracking.held
        held.mergeTouching()
        // So many pages are closed that not too many can be there: a page must be closed before it is looked at.
        var left = step.pageCountMax
        var reached = GuestLayout.arena.end
        search: for area in map.areas(overlapping: AddressRange(start: start, end: reached)) where area.kind.isTracked {
            let bounds = AddressRange(start: max(area.range.start, start), end: area.range.end)
            var parts: [AddressRange] = []
            for range in open.overlapping(bounds) {
                guard var part = range.intersection(bounds) else { continue }
                if part.pageCount > left { part.end = part.start + UInt64(left) * pageSize }
                if !part.isEmpty { parts.append(part) }
                left -= Int(part.pageCount)
                if left == 0 {
                    reached = part.end
                    break
                }
            }
            if !step.leavesOpen { try close(area, parts, except: held) }
            for part in parts { try appendPresent(part, area, tracking.present, to: &runs) }
            if left == 0 { break search }
        }
        let progress = ScanProgress(end: reached, pageCount: step.pageCountMax - left)
        if step.leavesOpen { return progress }
        let isDone = [AddressRange(start: start, end: reached)].subtracting(held)
        self.tracking?.untracked.removeAll()
        for range in open.subtracting(isDone) { self.tracking?.untracked.add(range) }
        return progress
    }

    /// Closes an area to writes from the first to the last of these parts in one call, which leaves one host mapping;
    /// all that is open between them is in the parts.
    private func close(
        _ area: VirtualMemoryArea, _ parts: [AddressRange], except held: [AddressRange]
    ) throws(TrackerError) {
        let closed = hostProtection(area.protection, area.kind)
        guard let first = parts.first, let last = parts.last, closed != area.protection else { return }
        for range in [AddressRange(start: first.start, end: last.end)].subtracting(held) {
            let result = HostMemory.protect(range, closed)
            if result < 0 { throw TrackerError("writes to \(range) cannot be tracked", errno: Int32(-result)) }
        }
    }

    /// Adds the pages of a range that are there.
    private func appendPresent(
        _ range: AddressRange, _ area: VirtualMemoryArea, _ present: PresentPages, to runs: inout [DirtyRun]
    ) throws(TrackerError) {
        if area.kind.isSharedMemory, Self.hostHasSwap() { return runs.append(DirtyRun(range, in: area)) }
        try present.forEach(in: range) { address, isFile in
            // Read from the file and never written: the mirror's file says the same.
            if isFile, area.kind.isPrivateFile { return }
            let page = DirtyRun(AddressRange(start: address, count: pageSize), in: area)
            if let last = runs.indices.last, runs[last].isFollowed(by: page) {
                runs[last].pageCount += page.pageCount
            } else {
                runs.append(page)
            }
        }
    }
}
