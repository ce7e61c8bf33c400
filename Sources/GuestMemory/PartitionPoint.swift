extension RandomAccessCollection where Index == Int {
    /// The first index from which on `isBeyond` holds, or the end: of elements in an order in which it holds for
    /// the last ones only. By halves.
    @inline(__always)
    func partitionPoint(_ isBeyond: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
