/// Where pages were found that were written again while others of the same epoch were being copied: a few regions,
/// mostly the same ones for each epoch, such as the stacks of threads that go on running.
struct RewrittenRegions {
    /// In order of address, apart.
    private(set) var ranges: [AddressRange] = []
    private var isComplete = true

    /// What a page table covers: scanning all of it takes little more than the call.
    static let byteCount: UInt64 = 2 << 20
    /// With more, it is no less than to scan everything.
    static let countMax = 16

    /// Pages were found there.
    mutating func note(_ range: AddressRange) {
        guard isComplete else { return }
        var start = range.start / Self.byteCount * Self.byteCount
        while start < range.end {
            let region = AddressRange(start: start, count: Self.byteCount)
            start = region.end
            if ranges.contains(region) { continue }
            guard ranges.count < Self.countMax else {
                isComplete = false
                ranges = []
                return
            }
            let place = ranges.firstIndex { $0.start > region.start } ?? ranges.count
            ranges.insert(region, at: place)
        }
    }
}
