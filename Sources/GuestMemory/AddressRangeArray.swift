/// Sets of addresses as arrays of ranges. *Sorted* means in order of address, apart, and not touching.
extension Array where Element == AddressRange {
    /// Puts ranges into order, and makes one of those that overlap or touch.
    mutating func mergeTouching() {
        if count < 2 { return }
        sort { $0.start < $1.start }
        var kept = 0
        for index in 1..<count {
            let range = self[index]
            if range.start <= self[kept].end {
                self[kept].end = Swift.max(self[kept].end, range.end)
            } else {
                kept += 1
                self[kept] = range
            }
        }
        removeLast(count - kept - 1)
    }

    /// What is in this sorted set and not in the other.
    func subtracting(_ other: [AddressRange]) -> [AddressRange] {
        var left: [AddressRange] = []
        var next = 0
        for range in self {
            while next < other.count, other[next].end <= range.start { next += 1 }
            var start = range.start
            var index = next
            while index < other.count, other[index].start < range.end {
                if start < other[index].start { left.append(AddressRange(start: start, end: other[index].start)) }
                start = Swift.max(start, other[index].end)
                index += 1
            }
            if start < range.end { left.append(AddressRange(start: start, end: range.end)) }
        }
        return left
    }

    /// Whether this sorted set holds an address.
    func contains(_ address: UInt64) -> Bool {
        let index = firstIndex(endingAbove: address)
        return index < count && self[index].contains(address)
    }

    /// The ranges of this sorted set that share an address with `range`.
    func overlapping(_ range: AddressRange) -> ArraySlice<AddressRange> {
        let lower = firstIndex(endingAbove: range.start)
        var upper = lower
        while upper < count, self[upper].start < range.end { upper += 1 }
        return self[lower..<upper]
    }

    private func firstIndex(endingAbove address: UInt64) -> Int {
        partitionPoint { $0.end > address }
    }
}
