import Testing

@testable import GuestMemory

@Suite("where pages are written again")
struct RewrittenRegionsTests {
    private static let unit = RewrittenRegions.byteCount

    private static func regions(_ ranges: [AddressRange]) -> [UInt64] {
        var regions = RewrittenRegions()
        for range in ranges { regions.note(range) }
        return regions.ranges.map { $0.start / unit }
    }

    @Test("whole regions, in order, each once")
    func order() {
        let page = AddressRange(start: 5 * Self.unit + pageSize, count: pageSize)
        let before = AddressRange(start: 2 * Self.unit, count: pageSize)
        let across = AddressRange(start: 8 * Self.unit - pageSize, count: 2 * pageSize)
        #expect(Self.regions([page, page, across, before]) == [2, 5, 7, 8])
        #expect(Self.regions([]).isEmpty)
    }

    @Test("none where there are too many to be of use")
    func many() {
        let all = (0...UInt64(RewrittenRegions.countMax)).map { AddressRange(start: $0 * Self.unit, count: pageSize) }
        #expect(Self.regions(Array(all.dropLast())).count == RewrittenRegions.countMax)
        #expect(Self.regions(all).isEmpty)
        #expect(Self.regions(all + [all[0]]).isEmpty)
    }
}
