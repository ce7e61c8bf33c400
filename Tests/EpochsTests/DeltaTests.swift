import TestSupport
import Testing

@testable import Epochs

@Suite("epochs as differences")
struct DeltaTests {
    /// A step of a guest's life.
    private static func step(_ model: inout DeltaModel, _ generator: inout SeededGenerator) {
        let number = UInt64(0x100 + generator.below(24))
        switch generator.below(20) {
        case 0: model.discard(number..<(number + 1 + UInt64(generator.below(6))))
        case 1: if generator.oneIn(4) { model.discardEverything() }
        case 2: model.write(number, RandomPages.make(&generator))
        default:
            var page = model.guest[number] ?? RandomPages.zero
            RandomPages.change(&page, &generator)
            model.write(number, page)
        }
    }

    @Test("the mirror has the guest's pages after each epoch", arguments: Compression.allCases)
    func model(_ compression: Compression) throws {
        for seed in SeededGenerator.seeds(count: 6) {
            var generator = SeededGenerator(seed: seed)
            var model = DeltaModel(compression, pageCountMax: generator.oneIn(2) ? 64 : 1 + generator.below(12))
            for epoch in 0..<80 {
                for _ in 0..<generator.below(20) { DeltaTests.step(&model, &generator) }
                try model.receive(try model.cut())
                guard model.isSame else {
                    Issue.record("\(compression): \(SeededGenerator.replayHint(seed: seed, step: epoch))")
                    return
                }
            }
        }
    }

    @Test("an epoch of which nothing arrived is no base", arguments: SeededGenerator.seeds(count: 6))
    func abandoned(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var model = DeltaModel(.automatic, pageCountMax: 32)
        for _ in 0..<40 {
            for _ in 0..<8 { DeltaTests.step(&model, &generator) }
            if generator.oneIn(3) {
                var others = model.guest
                for number in others.keys.sorted() { others[number]?[generator.below(4096)] ^= 1 }
                try model.cutAndAbandon(others)
            }
            for _ in 0..<3 { DeltaTests.step(&model, &generator) }
            try model.receive(try model.cut())
            #expect(model.isSame, "\(SeededGenerator.replayHint(seed: seed, step: 0))")
        }
    }

    @Test("pages of the first epoch come without bases, however often they come")
    func firstEpoch() throws {
        var generator = SeededGenerator(seed: 2)
        var model = DeltaModel(.automatic, pageCountMax: 32)
        for _ in 0..<30 { DeltaTests.step(&model, &generator) }
        let early = model.guest
        for _ in 0..<30 { DeltaTests.step(&model, &generator) }
        for number in early.keys {
            var page = model.guest[number] ?? RandomPages.zero
            RandomPages.change(&page, .fewBytes, &generator)
            model.write(number, page)
        }
        try model.receive(try model.cut(early: early))
        #expect(model.isSame)
        let tally = model.encoder.takePageTally()
        for coding in PageCoding.allCases where coding.needsBase { #expect(tally.pageCount(coding) == 0) }
    }

    @Test("an epoch that does not fit what the mirror has is refused, and nothing of it stays")
    func otherBase() throws {
        var generator = SeededGenerator(seed: 7)
        var model = DeltaModel(.automatic, pageCountMax: 32)
        for number in 0x100..<0x108 as Range<UInt64> { model.write(number, RandomPages.make(.noise, &generator)) }
        try model.receive(try model.cut())
        for number in 0x100..<0x108 as Range<UInt64> {
            var page = try #require(model.guest[number])
            RandomPages.change(&page, .fewWords, &generator)
            model.write(number, page)
        }
        let epoch = try model.cut()
        for damage in 0..<3 {
            var other = model
            if damage == 2 { other.mirror[0x107] = nil } else { other.mirror[0x107]?[damage * 4095] ^= 1 }
            let before = other.mirror
            do {
                try other.receive(epoch)
                Issue.record("an epoch was put upon another base than its own")
            } catch {
                #expect((error as? WireError)?.code == .wrongBase, "\(error)")
            }
            #expect(other.mirror == before)
        }
        try model.receive(epoch)
        #expect(model.isSame)
    }

    @Test("what pages came to is counted")
    func tally() throws {
        var model = DeltaModel(.automatic, pageCountMax: 32)
        var generator = SeededGenerator(seed: 4)
        let page = RandomPages.make(.noise, &generator)
        model.write(0x100, page)
        model.write(0x101, RandomPages.zero)
        _ = try model.cut()
        let first = model.encoder.takePageTally()
        #expect(first.pageCount == 2 && first.rawByteCount == 8192 && first.byteCount == 16 + 4096 + 16)
        #expect(first.pageCount(.raw) == 1 && first.pageCount(.zero) == 1 && first.historyMisses == 1)
        model.write(0x100, page)
        _ = try model.cut()
        let second = model.encoder.takePageTally()
        #expect(second.pageCount == 1 && second.pageCount(.unchanged) == 1 && second.historyHits == 1)
        #expect(second.byteCount(.unchanged) == 16)
        var sum = first
        sum += second
        #expect(sum.pageCount == 3 && sum.byteCount == first.byteCount + second.byteCount)
    }
}
