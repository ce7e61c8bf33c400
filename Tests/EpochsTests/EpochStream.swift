import RecordCoding
import TestSupport

@testable import Epochs

/// A small epoch with a bit of everything, and what a decoder makes of frames.
struct EpochStream {
    /// What an epoch says, as far as it can be compared.
    struct Content: Equatable {
        var pages: [UInt64: [UInt8]] = [:]
        var discards: [EpochDiscards] = []
        var layouts: [[UInt8]] = []
        var records = RecordDelta()
        var files: [[UInt8]] = []
        var output: [[UInt8]] = []
        var released: [[UInt8]] = []
        var end: EpochEnd?
    }

    var pages: [(number: UInt64, bytes: [UInt8])] = []
    var discards = EpochDiscards.pages([0x20..<0x30, 0x1_0000..<0x1_0001])
    var layout: [UInt8] = Array(0..<200)
    var records = RecordDelta()
    var files: [UInt8] = Array("what was done to files".utf8)
    var output: [UInt8] = Array("held".utf8)
    var released: [UInt8] = [1, 2, 3]
    var summary = EpochEnd.Summary(isWhole: true, guestNanoseconds: 77, guestEnd: .exited(3))

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let zero = [UInt8](repeating: 0, count: 4096)
        let text = (0..<4096).map { UInt8(ascii: "a") + UInt8($0 % 7) }
        let noise = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &generator) }
        pages = [(0x10, zero), (0x1234, text), (0x1_ffff_0000, noise)]
        records.changed = [
            RecordDelta.Change(key: RecordKey(family: 4, number: 17), bytes: [9, 9, 9]),
            RecordDelta.Change(key: RecordKey(family: 33, number: .max), bytes: []),
        ]
        records.removed = [RecordKey(family: 1)]
    }

    /// What a decoder is to hand out.
    var content: Content {
        Content(
            pages: Dictionary(pages.map { ($0.number, $0.bytes) }, uniquingKeysWith: { $1 }), discards: [discards],
            layouts: [layout], records: records, files: [files], output: [output],
            released: [released], end: nil)
    }

    /// The frames of the epoch with this number.
    func frames(number: UInt64, _ compression: Compression = .automatic) throws -> [[UInt8]] {
        let encoder = EpochEncoder(compression, historyStorage: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        return try frames(number: number, by: encoder)
    }

    /// The same by an encoder that may know earlier versions of the pages.
    func frames(number: UInt64, by encoder: EpochEncoder) throws -> [[UInt8]] {
        var frames: [[UInt8]] = []
        let emit: EpochEncoder.Emit = { frames.append(Array($0)) }
        encoder.begin(number)
        try encoder.appendDiscards(discards, emit: emit)
        try encoder.appendLayout(layout, emit: emit)
        let contents = pages.flatMap(\.bytes)
        try pages.map(\.number).withUnsafeBufferPointer { numbers in
            try contents.withUnsafeBytes { contents in
                try encoder.appendPages(numbers: numbers, contents: contents.baseAddress!, emit: emit)
            }
        }
        try encoder.appendRecords(records, emit: emit)
        try encoder.appendFiles(files, emit: emit)
        try encoder.appendOutput(output, emit: emit)
        try encoder.appendReleased(released, emit: emit)
        var summary = summary
        summary.isWhole = number == 1
        try encoder.finish(summary, emit: emit)
        return frames
    }

    /// Feeds a byte stream to a decoder as a socket's reader does. Throws what it throws, or a cut at the end.
    static func decode(
        _ bytes: [UInt8], _ decoder: inout EpochDecoder,
        base: (UInt64, UnsafeMutableRawPointer) -> Bool = { _, _ in false }
    ) throws -> [Content] {
        var contents: [Content] = []
        var current = Content()
        var offset = 0
        while offset < bytes.count {
            let rest = bytes[offset...]
            let (header, _) = try Array(rest.prefix(FrameHeader.byteCount)).withUnsafeBytes { try FrameHeader.read($0) }
            let total = FrameHeader.byteCount + header.payloadByteCount
            guard rest.count >= total else { throw WireError(.cutShort, "the stream ends within a frame") }
            try Array(rest.prefix(total)).withUnsafeBytes { frame in
                try decoder.consume(frame, base: base) { item in
                    switch item {
                    case .page(let number, let page, _):
                        current.pages[number] = Array(UnsafeRawBufferPointer(start: page, count: 4096))
                    case .discards(let discards): current.discards.append(discards)
                    case .layout(let layout): current.layouts.append(layout)
                    case .records(let delta):
                        current.records.changed += delta.changed
                        current.records.removed += delta.removed
                    case .files(let files): current.files.append(files)
                    case .output(let output): current.output.append(output)
                    case .released(let released): current.released.append(released)
                    case .complete: contents.append(current)
                    }
                    if case .complete = item { current = Content() }
                }
            }
            offset += total
        }
        return contents
    }
}
