import TestSupport
import Testing

@testable import Epochs

@Suite("runs of bytes that differ")
struct PageRunsTests {
    private static func encode(_ page: [UInt8], _ base: [UInt8], byteCountMax: Int) -> [UInt8]? {
        let difference = PageDifference()
        var target = [UInt8](repeating: 0xa5, count: byteCountMax + 64)
        let count = target.withUnsafeMutableBytes { target in
            page.withUnsafeBytes { page in
                base.withUnsafeBytes { base in
                    _ = difference.compare(page.baseAddress!, base.baseAddress!)
                    return PageRuns.encode(
                        difference, page.baseAddress!, base.baseAddress!, to: target.baseAddress!,
                        byteCountMax: byteCountMax)
                }
            }
        }
        #expect(target[byteCountMax...].allSatisfy { $0 == 0xa5 }, "written behind the end")
        return count.map { Array(target.prefix($0)) }
    }

    /// Nil where the runs are refused. What lies around the page has to stay as it is.
    private static func apply(_ runs: [UInt8], to base: [UInt8]) -> [UInt8]? {
        let guarded = [UInt8](repeating: 0x5a, count: 64)
        var room = guarded + base + guarded
        let isTaken = room.withUnsafeMutableBytes { room in
            runs.withUnsafeBytes { PageRuns.apply($0, to: room.baseAddress! + guarded.count) }
        }
        #expect(Array(room.prefix(64)) == guarded && Array(room.suffix(64)) == guarded, "written outside the page")
        return isTaken ? Array(room.dropFirst(64).prefix(base.count)) : nil
    }

    @Test("an example, byte by byte")
    func example() {
        var page = RandomPages.zero
        page[3] = 7
        page[5] = 9
        page[100] = 1
        for place in 200..<210 { page[place] = 0xee }
        // Byte 4 is the same, but a run of its own would be longer.
        let expected: [UInt8] = [0x23, 7, 0, 9, 0x8e, 5, 1, 0xf3, 6, 2] + [UInt8](repeating: 0xee, count: 10)
        #expect(PageRunsTests.encode(page, RandomPages.zero, byteCountMax: 4096) == expected)
        #expect(PageRunsTests.apply(expected, to: RandomPages.zero) == page)
    }

    @Test("a run of every length at every distance, where the way of writing changes")
    func boundaries() {
        let edges = [1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 135, 136, 137, 263, 264, 2048, 4080, 4095, 4096]
        for gap in [0] + edges {
            for length in edges where gap + length <= 4096 {
                var page = RandomPages.zero
                for place in gap..<(gap + length) { page[place] = UInt8(1 + place % 255) }
                let runs = PageRunsTests.encode(page, RandomPages.zero, byteCountMax: 4100)
                #expect(runs.flatMap { PageRunsTests.apply($0, to: RandomPages.zero) } == page, "\(gap), \(length)")
                #expect((runs?.count ?? 0) <= length + 4)
            }
        }
    }

    @Test("random pages and changes", arguments: SeededGenerator.seeds(count: 8))
    func roundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for step in 0..<400 {
            let base = RandomPages.make(&generator)
            var page = base
            RandomPages.change(&page, &generator)
            let limit = generator.oneIn(3) ? generator.below(4096) : 4095
            guard let runs = PageRunsTests.encode(page, base, byteCountMax: limit) else { continue }
            guard runs.count <= limit, PageRunsTests.apply(runs, to: base) == page else {
                Issue.record("\(SeededGenerator.replayHint(seed: seed, step: step))")
                return
            }
        }
    }

    @Test("runs cut at any byte either end a run earlier or are refused", arguments: SeededGenerator.seeds(count: 4))
    func truncation(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let base = RandomPages.make(.noise, &generator)
        var page = base
        for _ in 0..<5 { RandomPages.change(&page, .fewBytes, &generator) }
        let runs = try #require(PageRunsTests.encode(page, base, byteCountMax: 4095))
        for length in 0..<runs.count {
            guard let outcome = PageRunsTests.apply(Array(runs.prefix(length)), to: base) else { continue }
            // What it has changed is what it was to change.
            #expect(zip(outcome, zip(base, page)).allSatisfy { $0 == $1.0 || $0 == $1.1 }, "cut at \(length)")
            #expect(outcome != page)
        }
    }

    @Test("garbage never reaches outside the page", arguments: SeededGenerator.seeds(count: 4))
    func garbage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            let runs = (0..<generator.below(300)).map { _ in UInt8(generator.below(256)) }
            _ = PageRunsTests.apply(runs, to: RandomPages.zero)
        }
        #expect(PageRunsTests.apply([0xff, 0xff, 0x00, 1, 2, 3], to: RandomPages.zero) == nil)
        #expect(PageRunsTests.apply([0x7f], to: RandomPages.zero) == nil)
    }
}
