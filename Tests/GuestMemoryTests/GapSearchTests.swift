import GuestMemory
import TestSupport
import Testing

@Suite("search for free addresses")
struct GapSearchTests {
    private var map = VirtualMemoryMap(limits: pages(16..<2048))
    private let top = 1024 * pageSize

    @Test("the highest place below the top is taken")
    mutating func topDown() {
        #expect(map.findGap(count: 1, below: top, above: 0) == 1023 * pageSize)
        map.insert(memory(1000..<1024))
        map.insert(memory(980..<990))
        #expect(map.findGap(count: 10 * pageSize, below: top, above: 0) == 990 * pageSize)
        #expect(map.findGap(count: 11 * pageSize, below: top, above: 0) == 969 * pageSize)
        #expect(map.findGap(count: 10 * pageSize, below: 985 * pageSize, above: 0) == 970 * pageSize)
    }

    @Test("what comes free above the last place is found again")
    mutating func freedAbove() {
        for page in stride(from: UInt64(1023), to: 800, by: -1) {
            #expect(map.findGap(count: pageSize, below: top, above: 0) == page * pageSize)
            map.insert(memory(page..<(page + 1)))
        }
        map.remove(pages(950..<952))
        #expect(map.findGap(count: 3 * pageSize, below: top, above: 0) == 798 * pageSize)
        #expect(map.findGap(count: 2 * pageSize, below: top, above: 0) == 950 * pageSize)
        map.remove(pages(952..<953))
        #expect(map.findGap(count: 3 * pageSize, below: top, above: 0) == 950 * pageSize)
        #expect(map.checkInvariants() == nil)
    }

    @Test("the lower bound holds")
    mutating func lowerBound() {
        map.insert(memory(1000..<1024))
        #expect(map.findGap(count: 5 * pageSize, below: top, above: 995 * pageSize) == 995 * pageSize)
        #expect(map.findGap(count: 6 * pageSize, below: top, above: 995 * pageSize) == nil)
        #expect(map.findGap(count: 5 * pageSize, below: top, above: 995 * pageSize + 1) == nil)
        #expect(map.findGap(count: 984 * pageSize, below: top, above: 0) == 16 * pageSize)
        #expect(map.findGap(count: 985 * pageSize, below: top, above: 0) == nil)
    }

    @Test("sizes that cannot be are refused")
    mutating func hopelessSizes() {
        #expect(map.findGap(count: 0, below: top, above: 0) == nil)
        #expect(map.findGap(count: .max, below: top, above: 0) == nil)
        #expect(map.findGap(count: .max - 4096, hint: 4096, below: .max, above: 0) == nil)
        #expect(map.findGap(count: 1, below: 0, above: 0) == nil)
        #expect(map.findGap(count: 1, below: .max, above: .max) == nil)
    }

    @Test("an alignment is kept, also where a gap only just misses it")
    mutating func alignment() {
        map.insert(memory(1000..<1024))
        #expect(map.findGap(count: 16 * pageSize, alignment: 64 * pageSize, below: top, above: 0) == 960 * pageSize)
        map.insert(memory(950..<970))
        #expect(map.findGap(count: 16 * pageSize, alignment: 64 * pageSize, below: top, above: 0) == 896 * pageSize)
        #expect(map.findGap(count: 16 * pageSize, below: top, above: 0) == 984 * pageSize)
        #expect(map.findGap(count: pageSize, alignment: 1 << 63, below: top, above: 0) == nil)
    }

    @Test("a hint is taken where it is free, wherever it lies in the limits")
    mutating func hints() {
        map.insert(memory(100..<110))
        #expect(map.findGap(count: 1, hint: 50 * pageSize + 123, below: top, above: 0) == 50 * pageSize)
        #expect(map.findGap(count: pageSize, hint: 1500 * pageSize, below: top, above: 0) == 1500 * pageSize)
        #expect(map.findGap(count: 2 * pageSize, hint: 99 * pageSize, below: top, above: 0) == 1022 * pageSize)
        #expect(map.findGap(count: pageSize, hint: 110 * pageSize, below: top, above: 0) == 110 * pageSize)
        #expect(map.findGap(count: pageSize, hint: 0, below: top, above: 0) == 1023 * pageSize)
        #expect(map.findGap(count: pageSize, hint: 15 * pageSize, below: top, above: 0) == 1023 * pageSize)
        #expect(map.findGap(count: pageSize, hint: .max, below: top, above: 0) == 1023 * pageSize)
    }

    @Test("an area that grows downwards keeps its guard free, until it goes")
    mutating func stackGuard() {
        map.insert(memory(1000..<1024, flags: .growsDown))
        #expect(map.findGap(count: pageSize, below: top, above: 0) == 743 * pageSize)
        #expect(map.findGap(count: pageSize, hint: 800 * pageSize, below: top, above: 0) == 743 * pageSize)
        map.insert(memory(900..<901))
        #expect(map.findGap(count: pageSize, below: top, above: 0) == 899 * pageSize)
        map.insert(memory(1000..<1024))
        #expect(map.findGap(count: pageSize, below: top, above: 0) == 999 * pageSize)
        #expect(map.checkInvariants() == nil)
    }

    @Test("thousands of areas under the top: the search finds what a plain walk finds")
    mutating func manyAreas() {
        let count: UInt64 = 20_000
        var crowded = VirtualMemoryMap(limits: pages(16..<(4 * count)))
        for index in 0..<count {
            let page = 2 * count + 2 * index
            crowded.insert(memory(page..<(page + 1)))
        }
        #expect(crowded.areas.count == Int(count))
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<60 {
            let size = UInt64(generator.below(3) + 1) * pageSize
            let found = crowded.findGap(count: size, below: crowded.limits.end, above: 0)
            #expect(found == highestFit(size: size, in: crowded))
            guard let found else { continue }
            // Another protection, so that the areas stay apart.
            let range = AddressRange(start: found, count: size)
            crowded.insert(VirtualMemoryArea(range: range, protection: [], kind: .anonymous))
            if generator.oneIn(4) { crowded.remove(crowded.areas[generator.below(crowded.areas.count)].range) }
        }
        #expect(crowded.checkInvariants() == nil)
    }

    /// The highest place for `size` bytes, from every gap in turn.
    private func highestFit(size: UInt64, in map: VirtualMemoryMap) -> UInt64? {
        var highest: UInt64?
        var low = map.limits.start
        for area in map.areas {
            if area.range.start - low >= size { highest = area.range.start - size }
            low = area.range.end
        }
        if map.limits.end - low >= size { highest = map.limits.end - size }
        return highest
    }
}
