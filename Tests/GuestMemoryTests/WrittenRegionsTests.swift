import TestSupport
import Testing

@testable import GuestMemory

@Suite("where written pages were found")
struct WrittenRegionsTests {
    /// Regions that far apart stay two.
    private static let apart = 2 * WrittenRegions.joinedByteCount
    private static let unit: UInt64 = 64 << 10

    private static func page(_ place: UInt64) -> AddressRange { AddressRange(start: place, count: pageSize) }

    private static func regions(_ ranges: [AddressRange]) -> [AddressRange] {
        var regions = WrittenRegions(roundedByteCount: unit)
        for range in ranges { regions.note(range) }
        return regions.ranges
    }

    @Test("rounded out, in order, each once")
    func order() {
        let unit = Self.unit
        let pages = [5, 5, 2, 9].map { Self.page($0 * Self.apart + pageSize) }
        #expect(
            Self.regions(pages) == [2, 5, 9].map { AddressRange(start: $0 * Self.apart, count: unit) })
        #expect(Self.regions([]).isEmpty)
        let across = AddressRange(start: 8 * Self.apart - pageSize, count: 2 * pageSize)
        #expect(Self.regions([across]) == [AddressRange(start: 8 * Self.apart - unit, count: 2 * unit)])
    }

    @Test("one where they lie close together, or something between joins them")
    func joined() {
        let (near, unit) = (WrittenRegions.joinedByteCount, Self.unit)
        let start = 3 * Self.apart
        let far = start + near + 2 * unit
        #expect(Self.regions([Self.page(start), Self.page(start + near)]).count == 1)
        #expect(Self.regions([Self.page(far), Self.page(start)]).count == 2)
        #expect(
            Self.regions([Self.page(start), Self.page(far), Self.page(start + near / 2)])
                == [AddressRange(start: start, end: far + unit)])
        #expect(
            Self.regions([AddressRange(start: start, end: far), Self.page(start + unit)])
                == [AddressRange(start: start, end: far)])
    }

    @Test("none where there are too many to be of use, or they are too large")
    func many() {
        let all = (0...UInt64(WrittenRegions.countMax)).map { Self.page($0 * Self.apart) }
        #expect(Self.regions(Array(all.dropLast())).count == WrittenRegions.countMax)
        #expect(Self.regions(all).isEmpty)
        #expect(Self.regions(all + [all[0]]).isEmpty)
        let large = AddressRange(start: 0, count: WrittenRegions.byteCountMax)
        #expect(Self.regions([large]) == [large])
        #expect(Self.regions([large, Self.page(large.end)]).isEmpty)
    }

    @Test("in any order", arguments: SeededGenerator.seeds(count: 20))
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var regions = WrittenRegions(roundedByteCount: Self.unit)
        var noted: [AddressRange] = []
        for _ in 0..<40 {
            let range = AddressRange(
                start: UInt64(generator.below(2048)) * pageSize,
                count: UInt64(1 + generator.below(20)) * pageSize)
            noted.append(range)
            regions.note(range)
            #expect(noted.allSatisfy { range in regions.ranges.contains { $0.contains(range) } })
            #expect(
                zip(regions.ranges, regions.ranges.dropFirst()).allSatisfy {
                    $0.end + WrittenRegions.joinedByteCount < $1.start
                })
        }
    }
}
