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
                    range, mustBePresent: span.mustBePresent, pageCountMax: limit, into: regions
                ).get()
                for region in regions.prefix(scan.regionCount) { try append(region, protection, to: &runs) }
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

    /// Areas so close together are scanned in one go, with what lies between them.
    private static let joinedByteCount: UInt64 = 16 << 20

    /// The guest's areas in spans that differ in what is asked of a page, or lie far apart.
    ///
    /// Not the whole arena, which is one host mapping: where a page table has anything at all, the kernel goes over its
    /// holes one by one, 2 MiB or 1 GiB each, which took a quarter of a millisecond for a guest of 10 MB.
    private mutating func scanSpans() -> [ScanSpan] {
        if let spans = tracking?.spans, spans.version == map.version { return spans.list }
        let hasSwap = Self.hostHasSwap()
        var list: [ScanSpan] = []
        // Shared mappings of files that are not watched must not lie in a span.
        var mayJoin = false
        for area in map.areas {
            guard area.kind.isTracked else {
                mayJoin = false
                continue
            }
            var span = ScanSpan(range: area.range)
            switch area.kind {
            case .sharedAnonymous where hasSwap, .sharedFile where hasSwap: span.mustBePresent = false
            default: break
            }
            if mayJoin, let last = list.last, last.mustBePresent == span.mustBePresent,
                span.range.start - last.range.end < Self.joinedByteCount
            {
                list[list.count - 1].range.end = span.range.end
            } else {
                list.append(span)
            }
            mayJoin = true
        }
        tracking?.spans = (map.version, list)
        return list
    }

    /// Adds the pages of a region that are the guest's: one region may go over several areas.
    private func append(
        _ region: WriteProtection.Region, _ protection: WriteProtection, to runs: inout [DirtyRun]
    ) throws(TrackerError) {
        let range = AddressRange(start: region.start, end: region.end)
        for area in map.areas(overlapping: range) where area.kind.isTracked {
            guard let part = area.range.intersection(range) else { continue }
            if area.kind.isPrivateFile {
                try appendCopies(part, area, protection, to: &runs)
            } else {
                runs.append(DirtyRun(part, in: area))
            }
        }
    }

    /// Of a private mapping of a file, the pages that are the guest's own copies. What it has read and never written is
    /// not: the mirror's file says the same.
    private func appendCopies(
        _ range: AddressRange, _ area: VirtualMemoryArea, _ protection: WriteProtection, to runs: inout [DirtyRun]
    ) throws(TrackerError) {
        try withUnsafeTemporaryAllocation(
            of: WriteProtection.Region.self, capacity: Self.toldCountMax
        ) { regions throws(TrackerError) in
            var start = range.start
            while start < range.end {
                let rest = AddressRange(start: start, end: range.end)
                let scan = try protection.tellFiles(rest, into: regions).get()
                for region in regions.prefix(scan.regionCount) where !region.isFile {
                    runs.append(DirtyRun(AddressRange(start: region.start, end: region.end), in: area))
                }
                start = max(scan.end, start + pageSize)
            }
        }
    }

    /// Regions of a file's mapping that one PAGEMAP_SCAN reports at most.
    private static let toldCountMax = 256
}
