/// Where the mirror has mapped a file already, as the guest will need it after a takeover: pure, the mappings
/// themselves are made and replaced by `MirrorMemory`.
///
/// Most of a program's mappings are its libraries' code and constants, of which no page ever travels. To map them takes
/// 10 us each, a millisecond for a program with many, in which its clients would wait.
struct MirrorFileMappings {
    /// A mapping, or what is left of one.
    struct Entry: Equatable {
        var range: AddressRange
        var file: FileIdentity
        /// Bytes into the file at the range's start.
        var offset: UInt64
    }

    /// Lowest address first; none overlaps another.
    private(set) var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    /// A mapping has been made where there was none.
    mutating func insert(_ entry: Entry) {
        let index = firstIndex(endingAbove: entry.range.start)
        let isApart = index == entries.count || entry.range.end <= entries[index].range.start
        precondition(isApart, "two files are mapped at \(entry.range) in the mirror")
        entries.insert(entry, at: index)
    }

    /// Whether a file is mapped at an area as the guest has it.
    func has(_ area: VirtualMemoryArea) -> Bool {
        guard case .privateFile(let file, let offset, isHostMapped: true) = area.kind else { return false }
        return has(area.range, file, offset: offset)
    }

    /// Whether all of a range is a mapping of just the part of the file that is to be there.
    func has(_ range: AddressRange, _ file: FileIdentity, offset: UInt64) -> Bool {
        let index = firstIndex(endingAbove: range.start)
        guard index < entries.count else { return false }
        let entry = entries[index]
        return entry.range.start <= range.start && range.end <= entry.range.end && entry.file == file
            && entry.offset &+ (range.start - entry.range.start) == offset
    }

    /// Forgets what lies in a range, and returns it: lowest address first.
    mutating func remove(_ range: AddressRange) -> [AddressRange] {
        var removed: [AddressRange] = []
        var index = firstIndex(endingAbove: range.start)
        while index < entries.count, let part = entries[index].range.intersection(range) {
            removed.append(part)
            let whole = entries.remove(at: index)
            if whole.range.start < part.start {
                var before = whole
                before.range.end = part.start
                entries.insert(before, at: index)
                index += 1
            }
            if part.end < whole.range.end {
                let skipped = part.end - whole.range.start
                let rest = AddressRange(start: part.end, end: whole.range.end)
                entries.insert(Entry(range: rest, file: whole.file, offset: whole.offset &+ skipped), at: index)
                index += 1
            }
        }
        return removed
    }

    private func firstIndex(endingAbove address: UInt64) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].range.end > address { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
