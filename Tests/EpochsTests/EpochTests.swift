import RecordCoding
import TestSupport
import Testing

@testable import Epochs

@Suite("epochs on the wire")
struct EpochTests {
    private let stream = EpochStream(seed: 42)

    @Test("what goes in comes out", arguments: Compression.allCases)
    func roundTrip(_ compression: Compression) throws {
        var decoder = EpochDecoder()
        let bytes = try (1...3).flatMap { try stream.frames(number: $0, compression).flatMap { $0 } }
        let decoded = try EpochStream.decode(bytes, &decoder)
        #expect(decoded == [stream.content, stream.content, stream.content])
        #expect(decoder.lastEpoch == 3)
    }

    @Test("a section longer than a frame travels in several")
    func longSection() throws {
        var long = stream
        long.layout = [UInt8](repeating: 7, count: 9 << 20)
        var decoder = EpochDecoder()
        let decoded = try EpochStream.decode(try long.frames(number: 1).flatMap { $0 }, &decoder)
        #expect(decoded.first?.layouts == [long.layout])
    }

    /// Nothing but the end of an epoch is ever acted upon, so a cut stream must never come to one.
    @Test("a stream cut at any byte makes no epoch")
    func truncation() throws {
        let bytes = try stream.frames(number: 1).flatMap { $0 }
        for length in 0..<bytes.count {
            var decoder = EpochDecoder()
            let decoded = try? EpochStream.decode(Array(bytes.prefix(length)), &decoder)
            #expect(decoded?.isEmpty ?? true, "cut at \(length)")
            #expect(decoder.lastEpoch == 0)
        }
    }

    @Test("a stream damaged at any byte makes no epoch", arguments: [UInt8(1), 0x80, 0xff])
    func corruption(flipped: UInt8) throws {
        let bytes = try stream.frames(number: 1).flatMap { $0 }
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= flipped
            var decoder = EpochDecoder()
            let decoded = try? EpochStream.decode(damaged, &decoder)
            #expect(decoded == nil, "damaged at \(place)")
            #expect(decoder.lastEpoch == 0)
        }
    }

    @Test("a frame that is missing, doubled or in another's place is refused")
    func order() throws {
        let frames = try stream.frames(number: 1)
        for index in frames.indices {
            var missing = frames
            missing.remove(at: index)
            var doubled = frames
            doubled.insert(frames[index], at: index)
            var swapped = frames
            swapped.swapAt(index, (index + 1) % frames.count)
            for wrong in [missing, doubled, swapped] {
                var decoder = EpochDecoder()
                _ = try? EpochStream.decode(wrong.flatMap { $0 }, &decoder)
                // A doubled last frame comes after a whole epoch, which counts.
                #expect(decoder.lastEpoch == 0 || wrong == doubled && index == frames.count - 1)
            }
        }
    }

    @Test("an epoch that was skipped or came twice is refused")
    func epochOrder() throws {
        var decoder = EpochDecoder()
        #expect(throws: WireError.self) {
            _ = try EpochStream.decode(try stream.frames(number: 2).flatMap { $0 }, &decoder)
        }
        decoder = EpochDecoder()
        let first = try stream.frames(number: 1).flatMap { $0 }
        #expect(throws: WireError.self) { _ = try EpochStream.decode(first + first, &decoder) }
        #expect(decoder.lastEpoch == 1)
    }

    @Test("what was dropped comes before the pages, but for the first epoch")
    func discardsFirst() throws {
        let encoder = EpochEncoder(historyStorage: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        var decoder = EpochDecoder()
        var bytes: [UInt8] = []
        for number in 1...2 as ClosedRange<UInt64> {
            encoder.begin(number)
            let page = [UInt8](repeating: 7, count: 4096)
            try page.withUnsafeBytes { page in
                try [UInt64(0x20)].withUnsafeBufferPointer { numbers in
                    try encoder.appendPages(numbers: numbers, contents: page.baseAddress!) { bytes += $0 }
                }
            }
            try encoder.appendDiscards(stream.discards) { bytes += $0 }
            try encoder.finish(EpochEnd.Summary(isWhole: number == 1, guestNanoseconds: 1, guestEnd: nil)) {
                bytes += $0
            }
        }
        #expect(throws: WireError(.outOfOrder, "an epoch's discards come behind its pages")) {
            _ = try EpochStream.decode(bytes, &decoder)
        }
        #expect(decoder.lastEpoch == 1)
    }

    @Test("garbage is refused", arguments: 0..<50)
    func garbage(round: Int) {
        var generator = SeededGenerator(seed: UInt64(round) &* 99 &+ 1)
        let bytes = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var decoder = EpochDecoder()
        #expect(throws: (any Error).self) { _ = try EpochStream.decode(bytes, &decoder) }
    }
}
