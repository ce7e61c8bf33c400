/// What is known of guest pages, by page number: a hash table with open addressing in one flat array.
///
/// Linear probing, at most half full, and deletion moves later entries back, so that there are no tombstones and a
/// table that pages come to and leave for days stays as fast as a new one.
public struct PageTable: Sendable {
    public struct Entry: Equatable, Sendable {
        /// The epoch that last had the page, in whatever count the table's owner keeps.
        public var lastDirtyEpoch: UInt64
        /// Where the page's content is in the owner's storage.
        public var slot: UInt32
        /// Whether it is written epoch after epoch.
        public var isHot = false

        public init(lastDirtyEpoch: UInt64, slot: UInt32) {
            self.lastDirtyEpoch = lastDirtyEpoch
            self.slot = slot
        }
    }

    private struct Cell {
        var number: UInt64
        var entry: Entry
    }

    /// No page has this number: it would end beyond 64 bits.
    private static let free = UInt64.max
    private static let emptyCell = Cell(number: free, entry: Entry(lastDirtyEpoch: 0, slot: 0))
    private static let capacityMin = 1024

    private var cells: [Cell]
    public private(set) var count = 0

    public init() {
        cells = [Cell](repeating: Self.emptyCell, count: Self.capacityMin)
    }

    /// Bytes that the table takes.
    public var byteCount: Int { cells.count * MemoryLayout<Cell>.stride }

    /// What is known of a page; nil for nothing. Setting nil removes it.
    public subscript(number: UInt64) -> Entry? {
        get {
            let index = find(number)
            return cells[index].number == number ? cells[index].entry : nil
        }
        set {
            if let newValue { set(number, newValue) } else { remove(number) }
        }
    }

    public mutating func removeAll() {
        cells = [Cell](repeating: Self.emptyCell, count: Self.capacityMin)
        count = 0
    }

    // MARK: - Probing

    private var mask: Int { cells.count - 1 }

    /// Where a page's search begins. Pages in a row are far apart after Fibonacci hashing (Knuth, TAOCP 3, 6.4), whose
    /// upper bits are the good ones.
    private func home(_ number: UInt64) -> Int {
        Int(truncatingIfNeeded: (number &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
    }

    /// The cell that has the page, or the free one where it would go.
    private func find(_ number: UInt64) -> Int {
        precondition(number != Self.free, "no page has the number \(number)")
        var index = home(number)
        while cells[index].number != number, cells[index].number != Self.free { index = (index + 1) & mask }
        return index
    }

    private mutating func set(_ number: UInt64, _ entry: Entry) {
        let index = find(number)
        if cells[index].number == Self.free {
            if (count + 1) * 2 > cells.count {
                grow()
                return set(number, entry)
            }
            count += 1
        }
        cells[index] = Cell(number: number, entry: entry)
    }

    private mutating func grow() {
        let old = cells
        cells = [Cell](repeating: Self.emptyCell, count: old.count * 2)
        for cell in old where cell.number != Self.free { cells[find(cell.number)] = cell }
    }

    /// Takes a page out and closes the gap: each later entry of the run moves back unless its search begins after the
    /// gap (Knuth, TAOCP 3, 6.4, Algorithm R).
    private mutating func remove(_ number: UInt64) {
        var gap = find(number)
        if cells[gap].number == Self.free { return }
        count -= 1
        var index = gap
        while true {
            index = (index + 1) & mask
            if cells[index].number == Self.free { break }
            let distance = (index - home(cells[index].number)) & mask
            if distance >= (index - gap) & mask {
                cells[gap] = cells[index]
                gap = index
            }
        }
        cells[gap] = Self.emptyCell
    }
}
