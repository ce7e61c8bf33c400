import RecordCoding

/// Writes an epoch as frames into one buffer that is used again and again.
///
/// It remembers the pages that it has encoded and writes later versions of them as differences. So all that it emits
/// has to be sent, in order, over one link; once something could not be sent, the link is of no use any more.
///
/// Sound as unchecked: one thread uses it.
public final class EpochEncoder: @unchecked Sendable {
    /// Receives each whole frame; the bytes are good for the duration of the call.
    public typealias Emit = (UnsafeRawBufferPointer) throws -> Void

    private static let payloadByteCountUsual = 256 << 10
    private let buffer: UnsafeMutableRawBufferPointer
    private let pages: PageEncoder
    private var epoch: UInt64 = 0
    private var sequence: UInt32 = 0
    private var pageCount: UInt64 = 0
    private var running: UInt64 = 0

    /// - Parameters:
    ///   - isLinkFast: whether bytes cost no more than what copying them takes: then no time is spent to make them few.
    ///   - historyStorage: where previous versions of pages are kept: filled with zeros, on a page boundary. It
    ///   has to outlive this. Empty for none.
    public init(
        _ compression: Compression = .automatic, isLinkFast: Bool = false,
        historyStorage: UnsafeMutableRawBufferPointer
    ) {
        pages = PageEncoder(compression, isLinkFast: isLinkFast, history: PageHistory(storage: historyStorage))
        // The longest payload there may be, which only runs of bytes fill.
        buffer = .allocate(byteCount: FrameHeader.byteCount + FrameHeader.payloadByteCountMax, alignment: 64)
    }

    deinit {
        buffer.deallocate()
    }

    /// Starts an epoch.
    public func begin(_ number: UInt64) {
        // What there is of an epoch that was not finished is nothing that a difference may be made to.
        if sequence > 0 { pages.forgetEverything() }
        epoch = number
        sequence = 0
        pageCount = 0
        running = 0
    }

    /// Pages as they were copied: `contents` holds them one after the other.
    public func appendPages(
        numbers: UnsafeBufferPointer<UInt64>, contents: UnsafeRawPointer, emit: Emit
    ) throws {
        var used = 0
        let payload = buffer.baseAddress! + FrameHeader.byteCount
        for (index, number) in numbers.enumerated() {
            let page = contents + index * PageCoding.pageByteCount
            used += pages.encode(number, page, epoch: epoch, to: payload + used)
            guard used > EpochEncoder.payloadByteCountUsual - PageHeader.withContentByteCountMax else { continue }
            try emitFrame(.pages, used, emit)
            used = 0
        }
        pageCount += UInt64(numbers.count)
        if used > 0 { try emitFrame(.pages, used, emit) }
    }

    public func appendDiscards(_ discards: EpochDiscards, emit: Emit) throws {
        guard !discards.isEmpty else { return }
        pages.forget(discards)
        var writer = RecordWriter()
        switch discards {
        case .everything: discards.write(to: &writer, [])
        case .pages(let ranges): discards.write(to: &writer, ranges[...])
        }
        try appendRun(.discards, writer.bytes, emit: emit)
    }

    public func appendLayout(_ bytes: [UInt8], emit: Emit) throws {
        try appendParts(.layout, bytes, emit: emit)
    }

    public func appendRecords(_ delta: RecordDelta, emit: Emit) throws {
        var writer = RecordWriter(capacity: 4096)
        delta.write(to: &writer)
        try appendParts(.records, writer.bytes, emit: emit)
    }

    /// File operations, as `Volumes` encodes them. Nothing where there are none.
    public func appendFiles(_ bytes: [UInt8], emit: Emit) throws {
        if !bytes.isEmpty { try appendParts(.files, bytes, emit: emit) }
    }

    public func appendOutput(_ bytes: [UInt8], emit: Emit) throws {
        try appendParts(.output, bytes, emit: emit)
    }

    public func appendReleased(_ bytes: [UInt8], emit: Emit) throws {
        try appendParts(.released, bytes, emit: emit)
    }

    /// Ends the epoch.
    public func finish(_ summary: EpochEnd.Summary, emit: Emit) throws {
        let end = EpochEnd(number: epoch, summary: summary, pageCount: pageCount, runningChecksum: running)
        var writer = RecordWriter()
        end.write(to: &writer)
        try appendRun(.epochEnd, writer.bytes, emit: emit)
        sequence = 0
    }

    /// Pages whose previous version is kept.
    public var rememberedPageCount: Int { pages.rememberedPageCount }

    /// How the pages were encoded since this was last asked.
    public func takePageTally() -> PageTally {
        pages.takeTally()
    }

    /// A section of any length, in as many frames as it takes: each but the last is full, and starts with a 1.
    private func appendParts(_ kind: FrameKind, _ bytes: [UInt8], emit: Emit) throws {
        var offset = 0
        repeat {
            let count = min(bytes.count - offset, FrameHeader.payloadByteCountMax - 1)
            let hasMore: UInt8 = offset + count < bytes.count ? 1 : 0
            try appendRun(kind, [hasMore] + bytes[offset..<(offset + count)], emit: emit)
            offset += count
        } while offset < bytes.count
    }

    private func appendRun(_ kind: FrameKind, _ payload: [UInt8], emit: Emit) throws {
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[FrameHeader.byteCount...])
        target.copyBytes(from: payload)
        try emitFrame(kind, payload.count, emit)
    }

    private func emitFrame(_ kind: FrameKind, _ payloadByteCount: Int, _ emit: Emit) throws {
        let header = FrameHeader(kind: kind, epoch: epoch, sequence: sequence, payloadByteCount: payloadByteCount)
        let frame = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(FrameHeader.byteCount + payloadByteCount)])
        let sum = header.write(before: frame)
        running = EpochDecoder.combined(running, sum)
        sequence += 1
        try emit(UnsafeRawBufferPointer(frame))
    }
}
