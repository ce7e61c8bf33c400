import GuestMemory
import Testing

@Suite("address ranges and pages")
struct AddressRangeTests {
    @Test("pages are rounded down and up, and not past the end of the address space")
    func rounding() {
        #expect(roundDownToPage(0) == 0)
        #expect(roundDownToPage(4095) == 0)
        #expect(roundDownToPage(4096) == 4096)
        #expect(roundDownToPage(.max) == 0xffff_ffff_ffff_f000)
        #expect(roundUpToPage(0) == 0)
        #expect(roundUpToPage(1) == 4096)
        #expect(roundUpToPage(4096) == 4096)
        #expect(roundUpToPage(0xffff_ffff_ffff_f000) == 0xffff_ffff_ffff_f000)
        #expect(roundUpToPage(0xffff_ffff_ffff_f001) == nil)
        #expect(roundUpToPage(.max) == nil)
        #expect(isPageAligned(0) && isPageAligned(8192) && !isPageAligned(8193))
    }

    @Test("a range from guest numbers may not wrap around")
    func guestNumbers() {
        #expect(AddressRange(guestStart: .max, count: 0) == AddressRange(start: .max, end: .max))
        #expect(AddressRange(guestStart: .max - 9, count: 9)?.end == .max)
        #expect(AddressRange(guestStart: .max - 9, count: 10) == nil)
        #expect(AddressRange(guestStart: 1, count: .max) == nil)
    }

    @Test("containing, overlapping and touching are told apart")
    func relations() {
        let range = AddressRange(start: 10, end: 20)
        #expect(range.count == 10 && !range.isEmpty)
        #expect(range.contains(10) && range.contains(19) && !range.contains(20) && !range.contains(9))
        #expect(range.contains(range) && range.contains(AddressRange(start: 20, end: 20)))
        #expect(!range.contains(AddressRange(start: 9, end: 12)))
        #expect(range.overlaps(AddressRange(start: 19, end: 30)))
        #expect(!range.overlaps(AddressRange(start: 20, end: 30)))
        #expect(!range.overlaps(AddressRange(start: 0, end: 10)))
        #expect(!range.overlaps(AddressRange(start: 15, end: 15)))
        #expect(range.intersection(AddressRange(start: 15, end: 30)) == AddressRange(start: 15, end: 20))
        #expect(range.intersection(AddressRange(start: 20, end: 30)) == nil)
    }

    @Test("taking a range out leaves what lies on either side")
    func subtracting() {
        let range = AddressRange(start: 10, end: 20)
        let middle = range.subtracting(AddressRange(start: 12, end: 15))
        #expect(middle.below == AddressRange(start: 10, end: 12) && middle.above == AddressRange(start: 15, end: 20))
        let whole = range.subtracting(AddressRange(start: 5, end: 25))
        #expect(whole.below == nil && whole.above == nil)
        let apart = range.subtracting(AddressRange(start: 30, end: 40))
        #expect(apart.below == range && apart.above == nil)
        let underneath = range.subtracting(AddressRange(start: 0, end: 5))
        #expect(underneath.below == nil && underneath.above == range)
    }

    @Test("whole pages around a range")
    func wholePages() {
        #expect(AddressRange(start: 4095, end: 4097).roundedOutToPages() == AddressRange(start: 0, end: 8192))
        #expect(AddressRange(start: 0, end: .max).roundedOutToPages() == nil)
        #expect(AddressRange(start: 4095, end: 4097).pageCount == 2)
        #expect(AddressRange(start: 4096, end: 8192).pageCount == 1)
        #expect(AddressRange(start: 4096, end: 4096).pageCount == 0)
        #expect(AddressRange(start: 0, end: .max).pageCount == 1 << 52)
    }

    @Test("a range shows as people write it")
    func description() {
        #expect(AddressRange(start: 0x1000, end: 0x7f00).description == "0x1000-0x7f00")
        #expect(Protection([.read, .execute]).description == "r-x")
        #expect(Protection([]).description == "---")
    }
}
