import TestSupport
import Testing

@testable import GuestMemory

@Suite("sets of ranges")
struct AddressRangeArrayTests {
    private static let pageCount = 120

    private static func randomRanges(_ generator: inout SeededGenerator) -> [AddressRange] {
        (0..<generator.below(20)).map { _ in
            let start = UInt64(generator.below(pageCount))
            return AddressRange(start: start * pageSize, count: UInt64(generator.below(12)) * pageSize)
        }.filter { !$0.isEmpty }
    }

    private static func pages(_ ranges: [AddressRange]) -> Set<UInt64> {
        Set(ranges.flatMap { $0.start / pageSize..<$0.end / pageSize })
    }

    @Test("merging, subtracting and looking up agree with sets of pages", arguments: SeededGenerator.seeds(count: 4))
    func model(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for step in 0..<1000 {
            var left = Self.randomRanges(&generator)
            var right = Self.randomRanges(&generator)
            let (leftPages, rightPages) = (Self.pages(left), Self.pages(right))
            left.mergeTouching()
            right.mergeTouching()
            let difference = left.subtracting(right)
            let address = UInt64(generator.below(Self.pageCount + 20)) * pageSize
            let isRight =
                Self.pages(left) == leftPages && zip(left, left.dropFirst()).allSatisfy { $0.end < $1.start }
                && Self.pages(difference) == leftPages.subtracting(rightPages)
                && left.contains(address) == leftPages.contains(address / pageSize)
            guard isRight else {
                Issue.record("\(left) and \(right) (\(SeededGenerator.replayHint(seed: seed, step: step)))")
                return
            }
        }
    }

    @Test("a log holds every range given to it, until it is everything", arguments: SeededGenerator.seeds(count: 4))
    func log(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var log = RangeLog(countMax: 16)
        var pages: Set<UInt64> = []
        for _ in 0..<200 {
            let range = AddressRange(start: UInt64(generator.below(100)) * pageSize, count: pageSize)
            log.add(range)
            pages.insert(range.start / pageSize)
            if !log.isEverything { #expect(Self.pages(log.ranges) == pages) }
            #expect(log.ranges.count <= 16)
        }
        for page in 0..<200 as Range<UInt64> { log.add(AddressRange(start: page * 3 * pageSize, count: pageSize)) }
        #expect(log.isEverything)
        log.removeAll()
        #expect(log.isEmpty)
    }
}
