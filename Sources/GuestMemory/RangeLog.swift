/// Ranges that something happened to, in no order; beyond a limit on their number, simply everything.
struct RangeLog: Sendable {
    private(set) var ranges: [AddressRange] = []
    /// Whether the ranges were too many to keep: then it is the whole arena.
    private(set) var isEverything = false
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
    }

    var isEmpty: Bool { ranges.isEmpty && !isEverything }

    mutating func add(_ range: AddressRange) {
        if isEverything || range.isEmpty { return }
        // The heap is shrunk and pages are written in order: most ranges go on where the last one ended.
        if let last = ranges.last, last.start <= range.end, range.start <= last.end {
            ranges[ranges.count - 1] = AddressRange(start: min(last.start, range.start), end: max(last.end, range.end))
            return
        }
        if ranges.count == countMax {
            ranges.mergeTouching()
            // Half of the room at least, so that merging does not come around with every range.
            if ranges.count > countMax / 2 { return addEverything() }
        }
        ranges.append(range)
    }

    mutating func addEverything() {
        ranges = []
        isEverything = true
    }

    mutating func removeAll() {
        ranges.removeAll(keepingCapacity: true)
        isEverything = false
    }
}
