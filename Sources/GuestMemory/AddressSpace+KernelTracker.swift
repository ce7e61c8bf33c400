import CGuestEntry
import Glibc

/// Dirty pages as the kernel's tracker reports them.
extension AddressSpace.State {
    /// Finds some of the dirty pages and has them watched again, unless they are to be left open.
    mutating func takeDirtyRuns(_ step: ScanStep, into runs: inout [DirtyRun]) throws(TrackerError) -> ScanProgress {
        guard let protection = tracking?.protection else { return try takeOpenRuns(step, into: &runs) }
        try registerUntracked()
        do {
            return try scan(protection, step, into: &runs)
        } catch {
            guard error.errno == EPERM else { throw error }
        }
        // A mapping that is not registered reports nothing, and which one it is is not said. All are registered then,
        // and all pages count as written, as any may have been written unseen.
        tracking?.untracked.addEverything()
        try registerUntracked()
        return try scan(protection, step, into: &runs)
    }

    /// Registers what is new to the host, before a scan comes to it.
    mutating func registerUntracked() throws(TrackerError) {
        guard let protection = tracking?.protection, let log = tracking?.untracked, !log.isEmpty else { return }
        tracking?.passes.noteHiddenWrites()
        var ranges = log.isEverything ? [GuestLayout.arena] : log.ranges
        ranges.mergeTouching()
        // The kernel refuses shared mappings of a file that was opened for reading alone.
        let skipped = map.areas.filter { !$0.kind.isTracked }.map { $0.range }
        for range in ranges.subtracting(skipped) {
            var result = protection.register(range)
            if result >= 0 { result = protection.unprotect(range) }
            if result < 0 { throw TrackerError("writes to \(range) cannot be tracked", errno: Int32(-result)) }
        }
        tracking?.untracked.removeAll()
    }

    private mutating func scan(
        _ protection: WriteProtection, _ step: ScanStep, into runs: inout [DirtyRun]
    ) throws(TrackerError) -> ScanProgress {
        let start = step.start
        if start <= GuestLayout.arena.start {
            tracking?.passes.begin(map)
            tracking?.isReopened = false
            tracking?.open = nil
        }
        let spans = tracking?.passes.spans(of: map, hostHasSwap: Self.hostHasSwap) ?? []
        let limit = step.pageCountMax == .max ? 0 : UInt64(step.pageCountMax)
        for span in spans where span.range.end > start {
            let range = AddressRange(start: max(start, span.range.start), end: span.range.end)
            let scan = try protection.scan(
                range, mustBePresent: span.mustBePresent, pageCountMax: limit,
                mayBeMany: range.start > span.range.start, protects: !step.leavesOpen)
            for region in scan.regions { try append(region, protection, to: &runs) }
            // One span at a time has pages nearly always; what was found is copied before the next is looked at.
            let found = scan.regions.reduce(0) { $0 + Int(($1.end - $1.start) / pageSize) }
            if scan.end < span.range.end { return ScanProgress(end: scan.end, pageCount: found) }
            if found > 0 { return ScanProgress(end: span.range.end, pageCount: found) }
        }
        tracking?.passes.end(map)
        return ScanProgress(end: GuestLayout.arena.end, pageCount: 0)
    }

    /// Whether shared memory can be in swap, where the page table has no trace of it.
    static func hostHasSwap() -> Bool {
        // struct sysinfo (uapi/linux/sysinfo.h): 112 bytes, total swap at 64.
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 14) { information in
            hostCall(__NR_sysinfo, UInt64(address: information.baseAddress)) < 0 || information[8] > 0
        }
    }

    /// Adds the pages of a region that are the guest's: one region may go over several areas. Whether none of them is
    /// shared memory.
    @discardableResult
    func append(
        _ region: WriteProtection.Region, _ protection: WriteProtection, to runs: inout [DirtyRun]
    ) throws(TrackerError) -> Bool {
        let range = AddressRange(start: region.start, end: region.end)
        var isPrivate = true
        for area in map.areas(overlapping: range) where area.kind.isTracked {
            guard let part = area.range.intersection(range) else { continue }
            if area.kind.isPrivateFile {
                try appendCopies(part, area, protection, to: &runs)
            } else {
                runs.append(DirtyRun(part, in: area))
            }
            isPrivate = isPrivate && !area.kind.isShared
        }
        return isPrivate
    }

    /// Of a private mapping of a file, the pages that are the guest's own copies. What it has read and never written is
    /// not: the mirror's file says the same.
    private func appendCopies(
        _ range: AddressRange, _ area: VirtualMemoryArea, _ protection: WriteProtection, to runs: inout [DirtyRun]
    ) throws(TrackerError) {
        var start = range.start
        while start < range.end {
            let scan = try protection.tellFiles(AddressRange(start: start, end: range.end))
            for region in scan.regions where !region.isFile {
                runs.append(DirtyRun(AddressRange(start: region.start, end: region.end), in: area))
            }
            start = max(scan.end, start + pageSize)
        }
    }
}
