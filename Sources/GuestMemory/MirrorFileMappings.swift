/// Where the mirror has mapped a file already, as the guest will need it after a takeover: pure, the mappings
/// themselves are made and replaced by `MirrorMemory`.
///
/// Most of a program's mappings are its libraries' code and constants, of which no page ever travels. To map them takes
/// 10 us each, a millisecond for a program with many, in which its clients would wait. Only such are here: a mapping
/// that a page of the guest's own comes for is replaced as a whole, so that no page of the guest's depends on what
/// becomes of a file.
struct MirrorFileMappings {
    /// A mapping of a whole area.
    struct Entry: Equatable {
        var range: AddressRange
        var file: FileIdentity
        /// Bytes into the file at the range's start.
        var offset: UInt64

        /// Whether an area that begins in the mapping, or before it, has the same bytes of the file.
        func isSame(as area: VirtualMemoryArea) -> Bool {
            guard case .privateFile(file, let other, isHostMapped: true) = area.kind else { return false }
            return other &+ range.start == offset &+ area.range.start
        }
    }

    /// Lowest address first; none overlaps another.
    private(set) var entries: [Entry] = []

    /// A mapping has been made where there was none.
    mutating func insert(_ entry: Entry) {
        let index = firstIndex(endingAbove: entry.range.start)
        let isApart = index == entries.count || entry.range.end <= entries[index].range.start
        precondition(isApart, "two files are mapped at \(entry.range) in the mirror")
        entries.insert(entry, at: index)
    }

    /// Whether a file is mapped at all of an area as the guest has it.
    func has(_ area: VirtualMemoryArea) -> Bool {
        let index = firstIndex(endingAbove: area.range.start)
        guard index < entries.count, entries[index].range.contains(area.range) else { return false }
        return entries[index].isSame(as: area)
    }

    /// Whether none shares an address with a range.
    func isFree(_ range: AddressRange) -> Bool {
        let index = firstIndex(endingAbove: range.start)
        return index == entries.count || range.end <= entries[index].range.start
    }

    /// Takes out those that share an address with a range and are not to stay.
    mutating func remove(overlapping range: AddressRange, unless stays: (Entry) -> Bool) -> [Entry] {
        let first = firstIndex(endingAbove: range.start)
        var end = first
        while end < entries.count, entries[end].range.start < range.end { end += 1 }
        if first == end { return [] }
        let removed = entries[first..<end].filter { !stays($0) }
        if !removed.isEmpty { entries.replaceSubrange(first..<end, with: entries[first..<end].filter(stays)) }
        return removed
    }

    private func firstIndex(endingAbove address: UInt64) -> Int {
        entries.partitionPoint { $0.range.end > address }
    }
}
