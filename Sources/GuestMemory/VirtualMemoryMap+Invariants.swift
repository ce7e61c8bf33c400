/// What always holds of a map, spelt out for the tests.
extension VirtualMemoryMap {
    /// Walks the whole map and checks it; takes time in proportion to the number of areas.
    ///
    /// - Returns: the first thing that is wrong, or nil.
    public func checkInvariants() -> String? {
        checkAreas() ?? checkMerged() ?? checkGapCache()
    }

    /// Areas are page aligned, not empty, inside the limits, in order, apart, and add up.
    private func checkAreas() -> String? {
        var reached = limits.start
        var byteCount: UInt64 = 0
        for area in areas {
            if area.range.isEmpty { return "area at \(area.range) is empty" }
            if !area.range.isPageAligned { return "area at \(area.range) is not page aligned" }
            if area.range.start < reached { return "area at \(area.range) starts below \(hexadecimal(reached))" }
            reached = area.range.end
            byteCount += area.range.count
        }
        if reached > limits.end { return "areas reach \(hexadecimal(reached)), above the limits \(limits)" }
        if byteCount != mappedByteCount { return "areas hold \(byteCount) bytes, but \(mappedByteCount) are counted" }
        return nil
    }

    /// No two neighbours could be one.
    private func checkMerged() -> String? {
        for (area, next) in zip(areas, areas.dropFirst()) where area.canMerge(with: next) {
            return "areas at \(area.range) and \(next.range) are not merged"
        }
        return nil
    }

    /// No gap above the place where searches start is larger than the cache says.
    private func checkGapCache() -> String? {
        var start = limits.start
        for index in 0...areas.count {
            let end = min(index < areas.count ? areas[index].guardedStart : limits.end, gapCache.ceiling)
            if start < end, end > gapCache.position, end - start > gapCache.largestAbove {
                return "gap \(AddressRange(start: start, end: end)) is larger than the cached \(gapCache)"
            }
            if index < areas.count { start = areas[index].range.end }
        }
        return nil
    }
}
