/// Changes to the map. Each keeps the areas in order, apart, and merged as far as they go.
extension VirtualMemoryMap {
    /// Maps an area, in place of whatever was in its range: mmap(2) with MAP_FIXED.
    ///
    /// Areas that reach over the range keep their other parts. Neighbours that fit are merged with it.
    ///
    /// - Precondition: the area's range is page aligned, not empty, and inside ``limits``.
    public mutating func insert(_ area: VirtualMemoryArea) {
        checkEditable(area.range)
        precondition(!area.range.isEmpty, "area at \(area.range) is empty")
        replace(area.range, with: [area])
    }

    /// Unmaps a range: munmap(2). Addresses in it that are not mapped are passed over.
    ///
    /// - Returns: the removed pieces, cut to the range, in order.
    /// - Precondition: the range is page aligned and inside ``limits``.
    @discardableResult
    public mutating func remove(_ range: AddressRange) -> [VirtualMemoryArea] {
        checkEditable(range)
        let removed = areas(in: range)
        if removed.isEmpty { return [] }
        replace(range, with: [])
        return removed
    }

    /// Sets the protection of everything mapped in a range, splitting and merging areas as needed: mprotect(2).
    ///
    /// Holes stay holes; the caller decides beforehand what they mean (``mappedPrefix(of:)``), and which protections
    /// a shared file allows.
    ///
    /// - Precondition: the range is page aligned and inside ``limits``.
    public mutating func setProtection(_ protection: Protection, in range: AddressRange) {
        editPieces(in: range) { $0.protection = protection }
    }

    /// Names everything mapped in a range: prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME).
    ///
    /// - Parameter name: the name, or nil to take it off. The caller checks that the range is anonymous memory.
    /// - Precondition: the range is page aligned and inside ``limits``.
    public mutating func setName(_ name: String?, in range: AddressRange) {
        editPieces(in: range) { $0.name = name }
    }

    /// Sets a flag of what is mapped in `range`, or takes it off.
    public mutating func setFlag(_ flag: VirtualMemoryArea.Flags, _ isSet: Bool, in range: AddressRange) {
        editPieces(in: range) { area in
            if isSet { area.flags.insert(flag) } else { area.flags.remove(flag) }
        }
    }

    /// Moves what is mapped in `source` to start at `destination`, in place of whatever is there: mremap(2) with
    /// MREMAP_FIXED and no change of size.
    ///
    /// File and object offsets stay with their pages, and holes move along. To grow as well, insert the new tail after.
    ///
    /// - Returns: what the move pushed out at the destination, cut to it, in order.
    /// - Precondition: both ranges are page aligned and inside ``limits``, and do not overlap (mremap answers EINVAL).
    @discardableResult
    public mutating func move(from source: AddressRange, to destination: UInt64) -> [VirtualMemoryArea] {
        let target = AddressRange(start: destination, count: source.count)
        checkEditable(target)
        precondition(!source.overlaps(target), "cannot move \(source) onto itself at \(target)")
        let pieces = remove(source).map { $0.moved(to: target.start + ($0.range.start - source.start)) }
        let displaced = remove(target)
        for piece in pieces { insert(piece) }
        return displaced
    }

    // MARK: - The one place that changes the array

    /// Changes every mapped piece in a range in the same way.
    private mutating func editPieces(in range: AddressRange, _ change: (inout VirtualMemoryArea) -> Void) {
        checkEditable(range)
        var pieces = areas(in: range)
        if pieces.isEmpty { return }
        for index in pieces.indices { change(&pieces[index]) }
        replace(range, with: pieces)
    }

    /// Puts `pieces` in the place of everything in `range`, and merges at every seam.
    ///
    /// Takes no pieces, one that fills the range, or those that were there with other attributes: so that at most the
    /// one gap next to the range's start can have grown.
    ///
    /// The window that is rewritten takes in the areas that merely touch the range, since these may merge.
    private mutating func replace(_ range: AddressRange, with pieces: [VirtualMemoryArea]) {
        version += 1
        var window = indices(overlapping: range)
        if window.lowerBound > 0, areas[window.lowerBound - 1].range.end == range.start {
            window = (window.lowerBound - 1)..<window.upperBound
        }
        if window.upperBound < areas.count, areas[window.upperBound].range.start == range.end {
            window = window.lowerBound..<(window.upperBound + 1)
        }

        var replacement: [VirtualMemoryArea] = []
        replacement.reserveCapacity(pieces.count + 2)
        if let first = areas[window].first, let below = first.range.subtracting(range).below {
            replacement.append(first.slice(below))
        }
        for piece in pieces { Self.append(piece, mergingInto: &replacement) }
        if let last = areas[window].last, let above = last.range.subtracting(range).above {
            Self.append(last.slice(above), mergingInto: &replacement)
        }

        for area in areas[window] { mappedByteCount -= area.range.count }
        for area in replacement { mappedByteCount += area.range.count }
        mappedByteCountPeak = max(mappedByteCountPeak, mappedByteCount)
        areas.replaceSubrange(window, with: replacement)
        noteGap(nextTo: range.start)
    }

    /// Adds an area after the others, as part of the last one where it fits.
    private static func append(_ area: VirtualMemoryArea, mergingInto areas: inout [VirtualMemoryArea]) {
        guard let last = areas.indices.last, areas[last].canMerge(with: area) else {
            areas.append(area)
            return
        }
        areas[last].absorb(area)
    }

    /// Stops on a range that no caller may hand in: the checks on guest numbers come before the map.
    private func checkEditable(_ range: AddressRange) {
        precondition(range.isPageAligned, "range \(range) is not page aligned")
        precondition(limits.contains(range), "range \(range) is outside the guest's addresses \(limits)")
    }
}
