/// Where written pages were found: a few regions, mostly the same ones for each epoch, such as a heap and the stacks of
/// threads that go on running.
struct WrittenRegions {
    /// In order of address, no two of them close together.
    private(set) var ranges: [AddressRange] = []
    /// Whether there were too many to keep.
    private(set) var isOverfull = false

    /// What is noted is rounded out to so much.
    private let roundedByteCount: UInt64

    /// Regions closer together are one: scanning what lies between takes less than another call.
    static let joinedByteCount: UInt64 = 1 << 20
    /// With more, it is no less than to scan everything.
    static let countMax = 16
    static let byteCountMax: UInt64 = 32 << 20

    /// - Parameter roundedByteCount: the next page to be written is often beside the last.
    init(roundedByteCount: UInt64) {
        self.roundedByteCount = roundedByteCount
    }

    /// Pages were found there.
    mutating func note(_ range: AddressRange) {
        if isOverfull { return }
        let unit = roundedByteCount
        var region = AddressRange(start: range.start / unit * unit, end: (range.end + unit - 1) / unit * unit)
        let first = ranges.partitionPoint { $0.end + Self.joinedByteCount >= region.start }
        if first < ranges.count, ranges[first].contains(region) { return }
        var end = first
        while end < ranges.count, ranges[end].start <= region.end + Self.joinedByteCount {
            region.start = min(region.start, ranges[end].start)
            region.end = max(region.end, ranges[end].end)
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: CollectionOfOne(region))
        guard ranges.count > Self.countMax || ranges.reduce(0, { $0 + $1.count }) > Self.byteCountMax else { return }
        isOverfull = true
        ranges = []
    }

    mutating func note(_ runs: [DirtyRun]) {
        for run in runs {
            if isOverfull { return }
            note(AddressRange(start: run.start, count: UInt64(run.pageCount) * pageSize))
        }
    }
}
