/// Finding free addresses.
extension VirtualMemoryMap {
    /// Chooses where a new mapping goes, as mmap(2) does without MAP_FIXED.
    ///
    /// A hint that is free is taken. Otherwise the highest place that fits is, counted from `below` down to `above`
    /// (arch_get_unmapped_area_topdown in arch/x86/kernel/sys_x86_64.c, vm_unmapped_area in mm/vma.c). Nothing is
    /// mapped yet; the search only remembers how far it got, hence `mutating`.
    ///
    /// Takes as many steps as there are areas between the start of the search and the place found; the start is where
    /// the last search ended, unless room may have come free above it.
    ///
    /// - Parameters:
    ///   - count: bytes wanted; rounded up to pages.
    ///   - alignment: what the address is to be a multiple of; a power of two, at least a page.
    ///   - hint: the address the guest would like, rounded down to its page; nil and 0 mean none. It may lie anywhere
    ///     in ``limits``, also outside `below` and `above`, as on Linux.
    ///   - below: the mapping ends at or below this (Linux's mmap_base, or 2 GiB for MAP_32BIT).
    ///   - above: the mapping starts at or above this.
    /// - Returns: the address, or nil where nothing fits or `count` is 0 (ENOMEM and EINVAL are the caller's to tell).
    public mutating func findGap(
        count: UInt64, alignment: UInt64 = pageSize, hint: UInt64? = nil, below: UInt64, above: UInt64
    ) -> UInt64? {
        precondition(
            alignment >= pageSize && alignment.nonzeroBitCount == 1,
            "alignment \(hexadecimal(alignment)) is not a power of two of at least a page")
        guard count > 0, let size = roundUpToPage(count) else { return nil }
        if let hint, let address = honoured(hint, size: size, alignment: alignment) { return address }

        guard let floor = roundUpToPage(max(above, limits.start)) else { return nil }
        let ceiling = roundDownToPage(min(below, limits.end))
        if floor >= ceiling || size > ceiling - floor { return nil }
        return highestGap(size: size, alignment: alignment, floor: floor, ceiling: ceiling)
    }

    /// The first free run that ends above `address`, cut to start there; nil where all up to the limit is mapped.
    ///
    /// Says how far a mapping that ends at `address` could grow in place, for brk(2) and mremap(2).
    public func gapAfter(_ address: UInt64) -> AddressRange? {
        var start = max(address, limits.start)
        var index = firstIndex(endingAbove: start)
        while index < areas.count, areas[index].range.start <= start {
            start = areas[index].range.end
            index += 1
        }
        let end = index < areas.count ? areas[index].range.start : limits.end
        return start < end ? AddressRange(start: start, end: end) : nil
    }

    /// Tells the cache of the gap that an edit starting at `address` may have made larger.
    ///
    /// What has been unmapped is a part of it. And below what has been mapped it may have grown too: where a guard was
    /// before, of the area that was replaced or of the next one up.
    mutating func noteGap(nextTo address: UInt64) {
        let index = firstIndex(endingAbove: address)
        let start = index > 0 ? areas[index - 1].range.end : limits.start
        let end = index < areas.count ? areas[index].guardedStart : limits.end
        if start < end { gapCache.noteGap(AddressRange(start: start, end: end)) }
    }

    // MARK: - Steps of the search

    /// The hint's page where `size` bytes from there are free, else nil.
    private func honoured(_ hint: UInt64, size: UInt64, alignment: UInt64) -> UInt64? {
        let start = roundDownToPage(hint)
        if start == 0 || start & (alignment - 1) != 0 { return nil }
        guard let range = AddressRange(guestStart: start, count: size), limits.contains(range) else { return nil }
        let next = firstIndex(endingAbove: start)
        if next < areas.count, areas[next].guardedStart < range.end { return nil }
        return start
    }

    /// Walks the gaps from the ceiling downwards to the first that fits.
    private mutating func highestGap(size: UInt64, alignment: UInt64, floor: UInt64, ceiling: UInt64) -> UInt64? {
        let (searchTop, largestAbove) = gapCache.start(count: size, ceiling: ceiling)
        var top = searchTop
        var largestPassed = largestAbove
        // Areas from this index on start at or above `top`; the one before it bounds the gap from below.
        var index = firstIndex(startingAtOrAbove: top)
        if index < areas.count { top = min(top, areas[index].guardedStart) }

        while true {
            let bottom = index > 0 ? areas[index - 1].range.end : limits.start
            let start = Self.highestStart(size: size, alignment: alignment, from: max(bottom, floor), to: top)
            if let start {
                gapCache.noteSearch(ceiling: ceiling, position: top, largestPassed: largestPassed)
                return start
            }
            if bottom < top { largestPassed = max(largestPassed, top - bottom) }
            if index == 0 || bottom <= floor {
                gapCache.noteSearch(ceiling: ceiling, position: min(bottom, searchTop), largestPassed: largestPassed)
                return nil
            }
            index -= 1
            top = areas[index].guardedStart
        }
    }

    /// The highest aligned address from which `size` bytes fit between `low` and `high`, or nil.
    private static func highestStart(size: UInt64, alignment: UInt64, from low: UInt64, to high: UInt64) -> UInt64? {
        if low >= high || high - low < size { return nil }
        let start = (high - size) & ~(alignment - 1)
        return start >= low ? start : nil
    }
}
