/// The guest's mappings: which addresses are mapped, and what stands behind each.
///
/// This is the truth about the guest's address space; the host's own mappings follow it. A plain value with no lock:
/// whoever holds it sees that one thread at a time changes it.
///
/// Storage is one array of areas in order of address, which never overlap and never could be merged further. Looking
/// up an address is a binary search. An edit shifts the areas above it only where their number changes, a plain move of
/// at most some MB at the limit on their number.
///
/// Edits are in VirtualMemoryMap+Edits.swift, the search for free addresses is in VirtualMemoryMap+Gaps.swift.
public struct VirtualMemoryMap: Sendable {
    /// The addresses that may be mapped at all; page aligned.
    public let limits: AddressRange

    /// Every area, in order of address.
    public internal(set) var areas: [VirtualMemoryArea] = []

    /// Bytes in all areas together: the guest's virtual size.
    public internal(set) var mappedByteCount: UInt64 = 0

    /// The most that was ever mapped at once.
    public internal(set) var mappedByteCountPeak: UInt64 = 0

    /// How many edits there were, to see whether anything has changed.
    var version: UInt64 = 0

    /// Where the last search for free addresses got to.
    var gapCache = GapCache()

    /// The most areas a guest may have. The host allows the whole process 65 530 mappings (vm.max_map_count as Linux
    /// ships it, Documentation/admin-guide/sysctl/vm.rst), and an area costs two of them where free addresses follow,
    /// as these are mapped too, with no access. What is left over is for the supervisor, which must never run short.
    public static let areaCountMax = 32_000

    /// The most areas that one edit can add: a move splits an area at either end.
    static let editGrowthMax = 3

    /// A map with nothing in it.
    ///
    /// - Parameter limits: the addresses that may be mapped.
    /// - Precondition: `limits` is page aligned.
    public init(limits: AddressRange) {
        precondition(limits.isPageAligned, "limits \(limits) are not page aligned")
        self.limits = limits
    }

    /// Whether the map can take any one more edit within ``areaCountMax``; where not, the guest's call is ENOMEM.
    public var hasRoomForEdit: Bool { areas.count + Self.editGrowthMax <= Self.areaCountMax }

    /// Whether `range` can be unmapped within ``areaCountMax``: at the limit still, unless it splits an area in two.
    public func hasRoom(toRemove range: AddressRange) -> Bool {
        if areas.count < Self.areaCountMax { return true }
        guard let area = areas(overlapping: range).first else { return true }
        return range.start <= area.range.start || area.range.end <= range.end
    }

    // MARK: - Looking up

    /// The area that holds `address`, or nil where nothing is mapped.
    public func area(containing address: UInt64) -> VirtualMemoryArea? {
        let index = firstIndex(endingAbove: address)
        guard index < areas.count, areas[index].range.contains(address) else { return nil }
        return areas[index]
    }

    /// The pieces of areas inside `range`: the first and last are cut to it, holes are left out.
    public func areas(in range: AddressRange) -> [VirtualMemoryArea] {
        var pieces: [VirtualMemoryArea] = []
        for area in areas(overlapping: range) {
            guard let part = area.range.intersection(range) else { continue }
            pieces.append(area.slice(part))
        }
        return pieces
    }

    /// The areas that share an address with `range`, whole.
    public func areas(overlapping range: AddressRange) -> ArraySlice<VirtualMemoryArea> {
        areas[indices(overlapping: range)]
    }

    /// How far `range` is mapped from its start without a hole.
    ///
    /// mprotect(2) and madvise(2) do their work up to the first hole and then answer ENOMEM.
    public func mappedPrefix(of range: AddressRange) -> AddressRange {
        var reached = range.start
        for area in areas(overlapping: range) {
            if area.range.start > reached { break }
            reached = min(area.range.end, range.end)
        }
        return AddressRange(start: range.start, end: reached)
    }

    /// Whether every address of `range` is mapped; true for an empty one.
    public func isFullyMapped(_ range: AddressRange) -> Bool {
        mappedPrefix(of: range) == range
    }

    /// Whether `range` lies inside ``limits`` and none of it is mapped.
    public func isFree(_ range: AddressRange) -> Bool {
        limits.contains(range) && indices(overlapping: range).isEmpty
    }

    // MARK: - Indices

    /// The first area whose end is above `address`: the one that holds it, or the next one up.
    func firstIndex(endingAbove address: UInt64) -> Int {
        areas.partitionPoint { $0.range.end > address }
    }

    /// The first area that starts at or above `address`.
    func firstIndex(startingAtOrAbove address: UInt64) -> Int {
        areas.partitionPoint { $0.range.start >= address }
    }

    /// The indices of the areas that share an address with `range`.
    func indices(overlapping range: AddressRange) -> Range<Int> {
        let lower = firstIndex(endingAbove: range.start)
        if range.isEmpty { return lower..<lower }
        return lower..<max(lower, firstIndex(startingAtOrAbove: range.end))
    }
}

extension VirtualMemoryMap: Equatable {
    /// Whether both maps allow and hold the same; what searches have learnt on the way does not count.
    public static func == (left: VirtualMemoryMap, right: VirtualMemoryMap) -> Bool {
        left.limits == right.limits && left.areas == right.areas
    }
}
