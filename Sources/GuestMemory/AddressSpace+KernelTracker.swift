import CGuestEntry
import Glibc

/// Dirty pages as the kernel's tracker reports them.
extension AddressSpace.State {
    /// Regions that one PAGEMAP_SCAN reports at most: 96 KiB of them.
    private static let regionCountMax = 4096

    /// Finds some of the dirty pages at and above `start`, and has them watched again. Returns where to go on.
    mutating func takeDirtyRuns(
        from start: UInt64, pageCountMax: Int, into runs: inout [DirtyRun]
    ) throws(TrackerError) -> UInt64 {
        guard let protection = tracking?.protection else {
            return try takeOpenRuns(from: start, pageCountMax: pageCountMax, into: &runs)
        }
        try registerUntracked()
        do {
            return try scan(protection, from: start, pageCountMax: pageCountMax, into: &runs)
        } catch {
            guard error.errno == EPERM else { throw error }
        }
        // A mapping that is not registered reports nothing, and which one it is is not said. All are registered then,
        // and all pages count as written, as any may have been written unseen.
        tracking?.untracked.addEverything()
        try registerUntracked()
        return try scan(protection, from: start, pageCountMax: pageCountMax, into: &runs)
    }

    /// Registers what is new to the host, before a scan comes to it.
    mutating func registerUntracked() throws(TrackerError) {
        guard let protection = tracking?.protection, let log = tracking?.untracked, !log.isEmpty else { return }
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
        _ protection: WriteProtection, from start: UInt64, pageCountMax: Int, into runs: inout [DirtyRun]
    ) throws(TrackerError) -> UInt64 {
        let spans = scanSpans()
        return try withUnsafeTemporaryAllocation(
            of: WriteProtection.Region.self, capacity: Self.regionCountMax
        ) { regions throws(TrackerError) in
            for span in spans where span.range.end > start {
                let range = AddressRange(start: max(start, span.range.start), end: span.range.end)
                let limit = pageCountMax == .max ? 0 : UInt64(pageCountMax)
                let scan = try protection.scan(
                    range, mustBePresent: span.mustBePresent, tellsFiles: span.tellsFiles, pageCountMax: limit,
                    into: regions
                ).get()
                for region in regions.prefix(scan.regionCount) { append(region, to: &runs) }
                // One span at a time has pages nearly always; what was found is copied before the next is looked at.
                if scan.end < span.range.end { return scan.end }
                if scan.regionCount > 0 { return span.range.end }
            }
            return GuestLayout.arena.end
        }
    }

    /// Whether shared memory can be in swap, where the page table has no trace of it.
    static func hostHasSwap() -> Bool {
        // struct sysinfo (uapi/linux/sysinfo.h): 112 bytes, total swap at 64.
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 14) { information in
            hostCall(__NR_sysinfo, UInt64(address: information.baseAddress)) < 0 || information[8] > 0
        }
    }

    /// Private mappings of files so close together are scanned in one go, with what lies between them.
    private static let fileSpanDistance: UInt64 = 16 << 20

    /// The arena without shared mappings of files that are not watched, in spans that differ in what is asked of a
    /// page. A guest has a handful of them: what is not in use is gone past in some microseconds, so that there is no
    /// need to go by area.
    private mutating func scanSpans() -> [ScanSpan] {
        if let spans = tracking?.spans, spans.version == map.version { return spans.list }
        let hasSwap = Self.hostHasSwap()
        var list: [ScanSpan] = []
        var reached = GuestLayout.arena.start
        func addPlain(upTo end: UInt64) {
            if reached < end { list.append(ScanSpan(range: AddressRange(start: reached, end: end))) }
        }
        for area in map.areas {
            var special: ScanSpan?
            switch area.kind {
            case .sharedFile where !area.kind.isTracked: break
            case .sharedAnonymous where hasSwap, .sharedFile where hasSwap:
                special = ScanSpan(range: area.range, mustBePresent: false)
            case .privateFile(_, _, isHostMapped: true): special = ScanSpan(range: area.range, tellsFiles: true)
            default: continue
            }
            if special?.tellsFiles == true, let last = list.last, last.tellsFiles, last.range.end == reached,
                area.range.start - reached < Self.fileSpanDistance
            {
                list[list.count - 1].range.end = area.range.end
            } else {
                addPlain(upTo: area.range.start)
                if let special { list.append(special) }
            }
            reached = area.range.end
        }
        addPlain(upTo: GuestLayout.arena.end)
        tracking?.spans = (map.version, list)
        return list
    }

    /// Adds the pages of a region that are the guest's: one region may go over several areas.
    private func append(_ region: WriteProtection.Region, to runs: inout [DirtyRun]) {
        let range = AddressRange(start: region.start, end: region.end)
        for area in map.areas(overlapping: range) where area.kind.isTracked {
            // Read from the file and never written: the mirror's file says the same.
            if region.isFile, area.kind.isPrivateFile { continue }
            guard let part = area.range.intersection(range) else { continue }
            runs.append(DirtyRun(part, in: area))
        }
    }
}
