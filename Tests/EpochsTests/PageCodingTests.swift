import TestSupport
import Testing

@testable import Epochs

@Suite("pages, encoded")
struct PageCodingTests {
    /// One that is encoded in a way, and the version before it that was.
    private struct Sample {
        var coding: PageCoding
        var page: [UInt8]
        var base: [UInt8]
        var encoded: [UInt8]
    }

    /// A page for each coding.
    private static func samples(seed: UInt64) throws -> [Sample] {
        var generator = SeededGenerator(seed: seed)
        let noise = RandomPages.make(.noise, &generator)
        let text = RandomPages.make(.text, &generator)
        let nearlyEmpty = RandomPages.make(.oneByte, &generator)
        var fewChanged = noise
        fewChanged[1000] ^= 1
        // Much has changed, and all in the same way.
        let flipped = noise.map { $0 ^ 0x40 }
        let cases: [(PageCoding, [UInt8]?, [UInt8])] = [
            (.zero, noise, RandomPages.zero), (.raw, nil, noise), (.lz4, nil, text), (.unchanged, noise, noise),
            (.runs, nil, nearlyEmpty), (.xorRuns, noise, fewChanged), (.xorLZ4, noise, flipped),
        ]
        return try cases.map { coding, base, page in
            let bench = PageBench(.automatic)
            if let base { _ = bench.encode(0x99, base, epoch: 1) }
            let encoded = bench.encode(0x99, page, epoch: 2)
            try #require(PageBench.coding(of: encoded) == coding)
            return Sample(coding: coding, page: page, base: base ?? noise, encoded: encoded)
        }
    }

    @Test("each coding is used where it is the shortest, and gives the page back")
    func everyCoding() throws {
        let samples = try PageCodingTests.samples(seed: 3)
        #expect(Set(samples.map(\.coding)).count == PageCoding.allCases.count)
        for sample in samples {
            let (number, page) = try PageBench(.automatic).decode(sample.encoded, base: sample.base)
            #expect(number == 0x99)
            #expect(page == sample.page, "\(sample.coding)")
        }
        let lengths = Dictionary(uniqueKeysWithValues: samples.map { ($0.coding, $0.encoded.count) })
        #expect(lengths[.zero] == 16 && lengths[.unchanged] == 16 && lengths[.raw] == 16 + 4096)
        #expect(lengths[.xorRuns, default: .max] <= 16 + 3)
        #expect(lengths[.runs, default: .max] <= 16 + 3)
        #expect(lengths[.xorLZ4, default: .max] < 16 + 100)
    }

    @Test(
        "random histories come out as they went in, and no page gets longer", arguments: Compression.allCases,
        [false, true])
    func randomHistories(_ compression: Compression, isLinkFast: Bool) throws {
        for seed in SeededGenerator.seeds(count: 4) {
            var generator = SeededGenerator(seed: seed)
            // Fewer slots than pages, so that bases come and go.
            let bench = PageBench(compression, isLinkFast: isLinkFast, pageCountMax: 1 + generator.below(8))
            var mirror: [UInt64: [UInt8]] = [:]
            for epoch in 1..<300 as Range<UInt64> {
                let number = UInt64(0x10 + generator.below(12))
                var page = mirror[number] ?? RandomPages.make(&generator)
                RandomPages.change(&page, &generator)
                let encoded = bench.encode(number, page, epoch: epoch)
                let decoded = try bench.decode(encoded, base: mirror[number])
                guard decoded == (number, page) else {
                    Issue.record("\(compression): \(SeededGenerator.replayHint(seed: seed, step: Int(epoch)))")
                    return
                }
                mirror[number] = page
            }
        }
    }

    @Test("what --compress names is what is used", arguments: [false, true])
    func compressions(isLinkFast: Bool) {
        var allowed: [Compression: Set<PageCoding>] = [
            .off: [.zero, .raw], .lz4: [.zero, .raw, .lz4], .xorRuns: [.zero, .unchanged, .runs, .xorRuns, .raw],
            .xorLZ4: [.zero, .unchanged, .lz4, .xorLZ4, .raw], .automatic: Set(PageCoding.allCases),
        ]
        if isLinkFast { allowed[.automatic] = allowed[.xorRuns] }
        for compression in Compression.allCases {
            var generator = SeededGenerator(seed: 11)
            let bench = PageBench(compression, isLinkFast: isLinkFast)
            var used: Set<PageCoding> = []
            for epoch in 1..<400 as Range<UInt64> {
                var page = RandomPages.make(&generator)
                for change in 0..<3 as Range<UInt64> {
                    if change > 0 { RandomPages.change(&page, &generator) }
                    let encoded = bench.encode(epoch % 8 + 0x10, page, epoch: 3 * epoch + change)
                    if let coding = PageBench.coding(of: encoded) { used.insert(coding) }
                }
            }
            #expect(used == allowed[compression], "\(compression)")
        }
    }

    @Test("auto is the shortest of all, but for what is known to be about as good")
    func automatic() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let base = RandomPages.make(&generator)
            var page = base
            RandomPages.change(&page, &generator)
            let lengths = Compression.allCases.map { compression in
                let bench = PageBench(compression)
                _ = bench.encode(0x77, base, epoch: 1)
                return (compression, bench.encode(0x77, page, epoch: 2).count)
            }
            let automatic = lengths.first { $0.0 == .automatic }?.1 ?? .max
            let shortest = lengths.map(\.1).min() ?? 0
            #expect(automatic <= max(shortest, PageHeader.byteCount + 128), "\(lengths)")
        }
    }

    @Test("on a fast link auto finds runs where half of the page's blocks at most have changed, and tries nothing else")
    func quickest() {
        let base = [UInt8](repeating: 7, count: PageCoding.pageByteCount)
        for blockCount in [1, 31, 32, 33, 64] {
            var page = base
            for block in 0..<blockCount { page[block * PageDifference.blockByteCount + 3] ^= 1 }
            let bench = PageBench(.automatic, isLinkFast: true)
            // All but a page of zeros it is, where nothing is known of it yet.
            #expect(bench.encode(0x77, base, epoch: 1).count == PageHeader.byteCount + PageCoding.pageByteCount)
            #expect(bench.encode(0x77, base, epoch: 2).count == PageHeader.byteCount)
            let isShort = bench.encode(0x77, page, epoch: 3).count < PageCoding.pageByteCount
            #expect(isShort == (blockCount <= 32), "\(blockCount)")
        }
        let bench = PageBench(.automatic, isLinkFast: true)
        var sparse = [UInt8](repeating: 0, count: PageCoding.pageByteCount)
        sparse[100] = 1
        #expect(bench.encode(0x78, sparse, epoch: 1).count <= PageHeader.byteCount + 4)
    }

    @Test("cut at any byte nothing is made of it")
    func truncation() throws {
        for sample in try PageCodingTests.samples(seed: 4) {
            let bench = PageBench(.automatic)
            for length in 0..<sample.encoded.count {
                #expect(throws: WireError.self, "\(sample.coding) cut at \(length)") {
                    _ = try bench.decode(Array(sample.encoded.prefix(length)), base: sample.base)
                }
            }
        }
    }

    /// Frames have a checksum of their own, so that damage is found before. A page's number is not covered by its own.
    @Test("damaged at any byte, it is refused or gives the same page", arguments: [UInt8(1), 0x80, 0xff])
    func corruption(flipped: UInt8) throws {
        for sample in try PageCodingTests.samples(seed: 6) {
            let bench = PageBench(.automatic)
            for place in sample.encoded.indices {
                var damaged = sample.encoded
                damaged[place] ^= flipped
                guard let (number, page) = try? bench.decode(damaged, base: sample.base) else { continue }
                #expect(page == sample.page, "\(sample.coding) damaged at \(place)")
                #expect(place < 5 ? number != 0x99 : number == 0x99, "\(sample.coding) damaged at \(place)")
            }
        }
    }

    @Test("upon another base than its own a difference is refused, and says so")
    func wrongBase() throws {
        for sample in try PageCodingTests.samples(seed: 8) where sample.coding.needsBase {
            let bench = PageBench(.automatic)
            for bit in [0, 7, 8 * 1000, 8 * 1001 + 3, 8 * 4095 + 7] {
                var base = sample.base
                base[bit / 8] ^= 1 << UInt8(bit % 8)
                PageCodingTests.expectWrongBase { _ = try bench.decode(sample.encoded, base: base) }
            }
            PageCodingTests.expectWrongBase { _ = try bench.decode(sample.encoded, base: nil) }
            PageCodingTests.expectWrongBase { _ = try bench.decode(sample.encoded, base: RandomPages.zero) }
        }
    }

    private static func expectWrongBase(_ body: () throws -> Void) {
        do {
            try body()
            Issue.record("a wrong base was taken")
        } catch {
            #expect((error as? WireError)?.code == .wrongBase, "\(error)")
        }
    }

    @Test("a version of the same epoch is no base")
    func sameEpoch() throws {
        var generator = SeededGenerator(seed: 9)
        let bench = PageBench(.automatic)
        let committed = RandomPages.make(.noise, &generator)
        _ = bench.encode(0x20, committed, epoch: 1)
        var page = committed
        for _ in 0..<3 {
            page[generator.below(4096)] ^= 0x55
            let encoded = bench.encode(0x20, page, epoch: 2)
            #expect(try bench.decode(encoded, base: committed) == (0x20, page))
        }
        page[7] ^= 1
        #expect(PageBench.coding(of: bench.encode(0x20, page, epoch: 3)) == .xorRuns)
    }

    @Test("garbage is refused without reading behind it", arguments: SeededGenerator.seeds(count: 4))
    func garbage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bench = PageBench(.automatic)
        for _ in 0..<2000 {
            var bytes = (0..<generator.below(600)).map { _ in UInt8(generator.below(256)) }
            // Most garbage does not get past the header: this does.
            if bytes.count >= 16, generator.below(4) > 0 {
                bytes.replaceSubrange(0..<5, with: [0x99, 0, 0, 0, 0])
                bytes[5] = UInt8(generator.below(7))
                let count = UInt16(bytes.count - 16)
                bytes.replaceSubrange(6..<8, with: [UInt8(count & 255), UInt8(count >> 8)])
            }
            #expect(throws: WireError.self) { _ = try bench.decode(bytes, base: RandomPages.zero) }
        }
    }
}
