import GuestMemory
import Testing

@Suite("discarded pages")
struct DiscardedPagesTests {
    private static func range(_ pages: Range<UInt64>) -> AddressRange {
        AddressRange(start: pages.lowerBound * pageSize, end: pages.upperBound * pageSize)
    }

    @Test("those of ranges in any order, which may overlap")
    func ranges() {
        let pages = DiscardedPages(.ranges([0x90..<0x91, 0x20..<0x40, 0x30..<0x50].map(Self.range)))
        let found = (0x10..<0xa0 as Range<UInt64>).filter(pages.contain)
        #expect(found == Array(0x20..<0x50) + [0x90])
    }

    @Test("all or none")
    func extremes() {
        #expect(DiscardedPages(.everything).contain(0x10))
        #expect(!DiscardedPages(.ranges([])).contain(0x10))
    }
}
