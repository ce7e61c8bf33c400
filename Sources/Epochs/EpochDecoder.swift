import RecordCoding

/// Reads an epoch's frames, whose own checksums were checked, and sees that they make a whole.
///
/// Pages may come as differences to what they were at the end of the epoch before, so that epoch has to be in place
/// before the next is decoded. What it hands out before `complete` is not to be acted upon: the epoch may turn out to
/// be torn.
public struct EpochDecoder {
    public enum Item {
        /// A page's number and its 4096 bytes, good for the duration of the call; and whether they are those that it
        /// had at the end of the epoch before.
        case page(UInt64, UnsafeRawPointer, isUnchanged: Bool)
        case discards(EpochDiscards)
        case layout([UInt8])
        case records(RecordDelta)
        /// What the guest did to its volumes, as `Volumes` encodes it.
        case files([UInt8])
        case output([UInt8])
        case released([UInt8])
        case complete(EpochEnd)
    }

    /// The longest a section of several frames may be: 32 000 areas take some 2 MB.
    private static let sectionByteCountMax = 256 << 20

    /// The last epoch that was complete.
    public private(set) var lastEpoch: UInt64 = 0
    private var sequence: UInt32 = 0
    private var pageCount: UInt64 = 0
    private var running: UInt64 = 0
    private var section: (kind: FrameKind, bytes: [UInt8])?
    /// The sections that this epoch has had: one of each, or a peer could fill this side's memory with them.
    private var had: [FrameKind] = []
    private let pages = PageDecoder()

    public init() {}

    /// Takes the next frame.
    ///
    /// - Parameters:
    ///   - frame: the whole of it.
    ///   - base: copies a page's 4096 bytes as they were at the end of the last epoch; false where there is no such
    ///     page.
    public mutating func consume(
        _ frame: UnsafeRawBufferPointer, base: (UInt64, UnsafeMutableRawPointer) -> Bool,
        _ take: (Item) throws -> Void
    ) throws {
        let header = try FrameHeader.check(frame)
        guard header.epoch == lastEpoch + 1, header.sequence == sequence else {
            throw WireError(.outOfOrder, "frame \(header.sequence) of epoch \(header.epoch) is out of order")
        }
        let payload = UnsafeRawBufferPointer(rebasing: frame[FrameHeader.byteCount...])
        if let section, section.kind != header.kind {
            throw WireError(.outOfOrder, "a section is not at its end")
        }
        switch header.kind {
        case .pages: try consumePages(payload, base, take)
        case .discards:
            // A page that is unchanged is not looked at again. (In the first epoch none is.)
            guard lastEpoch == 0 || pageCount == 0 else {
                throw WireError(.outOfOrder, "an epoch's discards come behind its pages")
            }
            try note(header.kind)
            try take(.discards(try decoded("discards", payload, EpochDiscards.init(from:))))
        case .epochEnd: try consumeEnd(payload, take)
        case .layout, .records, .files, .output, .released: try consumePart(header.kind, payload, take)
        default: throw WireError(.outOfOrder, "a frame of kind \(header.kind) is no part of an epoch")
        }
        if header.kind == .epochEnd { return }
        sequence += 1
        running = EpochDecoder.combined(running, FrameHeader.checksum(frame))
    }

    private mutating func consumePages(
        _ payload: UnsafeRawBufferPointer, _ base: PageDecoder.Base, _ take: (Item) throws -> Void
    ) throws {
        var offset = 0
        while offset < payload.count {
            // Before the first epoch there is nothing.
            let (number, page, isUnchanged) = try pages.decode(
                payload, at: &offset, base: lastEpoch == 0 ? { _, _ in false } : base)
            pageCount += 1
            try take(.page(number, page, isUnchanged: isUnchanged))
        }
    }

    private mutating func consumePart(
        _ kind: FrameKind, _ payload: UnsafeRawBufferPointer, _ take: (Item) throws -> Void
    ) throws {
        guard let mark = payload.first, mark <= 1 else { throw WireError.malformed("a section's first byte") }
        var bytes = section?.bytes ?? []
        guard bytes.count + payload.count <= EpochDecoder.sectionByteCountMax else {
            throw WireError(.tooLong, "a section of an epoch is too long")
        }
        bytes += payload.dropFirst()
        if mark == 1 {
            section = (kind, bytes)
            return
        }
        section = nil
        try note(kind)
        switch kind {
        case .layout: try take(.layout(bytes))
        case .files: try take(.files(bytes))
        case .output: try take(.output(bytes))
        case .released: try take(.released(bytes))
        default:
            let delta = try bytes.withUnsafeBytes { bytes in
                try decoded("an epoch's records", bytes) { reader throws(RecordError) in
                    let delta = try RecordDelta(from: &reader)
                    try reader.finish()
                    return delta
                }
            }
            try take(.records(delta))
        }
    }

    private mutating func note(_ kind: FrameKind) throws {
        // The first epoch says what to open before its pages come, and the last word behind them.
        let most = kind == .layout && lastEpoch == 0 ? 2 : 1
        guard had.count(where: { $0 == kind }) < most else {
            throw WireError(.outOfOrder, "an epoch has more than \(most) of section \(kind)")
        }
        had.append(kind)
    }

    private mutating func consumeEnd(_ payload: UnsafeRawBufferPointer, _ take: (Item) throws -> Void) throws {
        let number = lastEpoch + 1
        let end = try decoded("an epoch's end", payload) { reader throws(RecordError) in
            try EpochEnd(number: number, from: &reader)
        }
        guard end.pageCount == pageCount, end.runningChecksum == running, end.summary.isWhole == (number == 1) else {
            throw WireError(.outOfOrder, "epoch \(number) is not whole")
        }
        lastEpoch = number
        sequence = 0
        pageCount = 0
        running = 0
        had.removeAll(keepingCapacity: true)
        try take(.complete(end))
    }

    private func decoded<Value>(
        _ what: String, _ payload: UnsafeRawBufferPointer,
        _ read: (inout RecordReader) throws(RecordError) -> Value
    ) throws(WireError) -> Value {
        do throws(RecordError) {
            var reader = RecordReader(Array(payload))
            return try read(&reader)
        } catch {
            throw .malformed(what)
        }
    }

    static func combined(_ running: UInt64, _ sum: UInt64) -> UInt64 {
        withUnsafeBytes(of: (running.littleEndian, sum.littleEndian)) { Checksum.of($0) }
    }
}
