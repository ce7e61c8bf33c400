/// A run of addresses that one PAGEMAP_SCAN goes over.
struct ScanSpan {
    var range: AddressRange
    /// False for shared memory on a host with swap.
    var mustBePresent = true
}

/// Where PAGEMAP_SCAN has to look for written pages: once everywhere after each change of the map, and from then on
/// only where the guest may write. (Of a redis that has just started 7.7 of the 9.8 MB that are resident are code and
/// constants.)
struct ScanPasses {
    /// The map's version when the pass that goes on now began; nil where something was written since that may lie
    /// anywhere.
    private var begun: UInt64?
    /// The map's version when a pass over everything had been made: what the guest may not write is as it was then.
    private var settled: UInt64?
    private var spans: (version: UInt64, isSettled: Bool, list: [ScanSpan])?

    /// Areas so close together are scanned in one go, with what lies between them: going over a hole of 64 MiB takes
    /// 0.8 us, another call 1.3.
    private static let joinedByteCount: UInt64 = 64 << 20
    /// So much of what need not be looked at is worth another call: its 256 pages take 1.3 us where all of them are
    /// there, which they seldom are.
    private static let skippedByteCountMin: UInt64 = 1 << 20

    /// A pass begins at the lowest address.
    mutating func begin(_ map: VirtualMemoryMap) {
        begun = map.version
    }

    /// The pass has come to the highest address. The map may have changed meanwhile.
    mutating func end(_ map: VirtualMemoryMap) {
        if begun == map.version { settled = begun }
    }

    /// Whether a pass over all that the guest may write has been made since the map last changed, and nothing else was
    /// written since it began: what was written after it took a fault, unless its pages were left open.
    func isSettled(_ map: VirtualMemoryMap) -> Bool { settled == map.version }

    /// Something is written, or may have been, that the guest itself could not write.
    mutating func noteHiddenWrites() {
        begun = nil
        settled = nil
    }

    /// The guest's areas in spans that differ in what is asked of a page, or lie far apart.
    ///
    /// Not the whole arena, which is one host mapping: where a page table has anything at all, the kernel goes over its
    /// holes one by one, 2 MiB or 1 GiB each, which took a quarter of a millisecond for a guest of 10 MB.
    mutating func spans(of map: VirtualMemoryMap, hostHasSwap: () -> Bool) -> [ScanSpan] {
        let isSettled = settled == map.version
        if let spans, spans.version == map.version, spans.isSettled == isSettled { return spans.list }
        let list = ScanPasses.spans(of: map, skipsUnwritable: isSettled, hasSwap: hostHasSwap())
        spans = (map.version, isSettled, list)
        return list
    }

    private static func spans(of map: VirtualMemoryMap, skipsUnwritable: Bool, hasSwap: Bool) -> [ScanSpan] {
        var list: [ScanSpan] = []
        // Shared mappings of files that are not watched must not lie in a span.
        var mayJoin = false
        var skippedByteCount: UInt64 = 0
        for area in map.areas {
            guard area.kind.isTracked else {
                mayJoin = false
                continue
            }
            // What several mappings show may be written through another.
            if skipsUnwritable, !area.protection.contains(.write), !area.kind.isShared {
                skippedByteCount += area.range.count
                continue
            }
            let span = ScanSpan(range: area.range, mustBePresent: !(hasSwap && area.kind.isShared))
            if mayJoin, skippedByteCount < skippedByteCountMin, let last = list.last,
                last.mustBePresent == span.mustBePresent, span.range.start - last.range.end < joinedByteCount
            {
                list[list.count - 1].range.end = span.range.end
            } else {
                list.append(span)
            }
            mayJoin = true
            skippedByteCount = 0
        }
        return list
    }
}
