import Epochs
import Glibc

/// One codec at a whole recording: encodes epoch by epoch as a primary does, decodes each as a mirror does, and
/// compares what comes out with what was recorded.
struct CodecRun {
    private(set) var pageCount = 0
    /// With the pages' headers.
    private(set) var encodedByteCount: UInt64 = 0
    private(set) var encodingNanoseconds: UInt64 = 0
    private(set) var decodingNanoseconds: UInt64 = 0

    /// Of `run`, when nothing else is said.
    private static let deltaCacheByteCount = 128 << 20
    /// Discards travel in one frame.
    private static let otherByteCountMax = 4 << 20

    /// Epochs before `first` are done and not counted.
    init(_ compression: Compression, _ recording: PageRecording, countingFrom first: Int) throws(MeasurementError) {
        let cacheByteCount = compression.usesHistory ? CodecRun.deltaCacheByteCount : 0
        let cache = try CodecRun.map(cacheByteCount)
        defer { if cacheByteCount > 0 { munmap(cache.baseAddress, cache.count) } }
        let pageCountMax = recording.epochs.map(\.pages.count).max() ?? 0
        // A page has a header of 16 bytes; of 60 and more pages each frame has one of 40.
        let frames = UnsafeMutableRawBufferPointer.allocate(
            byteCount: pageCountMax * (PageRecording.pageByteCount + 32) + CodecRun.otherByteCountMax, alignment: 64)
        defer { frames.deallocate() }
        let pages = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(1, pageCountMax) * PageRecording.pageByteCount, alignment: 64)
        defer { pages.deallocate() }
        let encoder = EpochEncoder(compression, historyStorage: cache)
        var decoder = EpochDecoder()
        do {
            for (index, epoch) in recording.epochs.enumerated() {
                let (byteCount, encoding) = try CodecRun.encode(epoch, recording, encoder, into: frames)
                let encoded = UnsafeRawBufferPointer(rebasing: frames[..<byteCount])
                let decoding = try CodecRun.decode(encoded, epoch, recording, &decoder, into: pages)
                let tally = encoder.takePageTally()
                guard index >= first else { continue }
                pageCount += epoch.pages.count
                encodedByteCount += tally.byteCount
                encodingNanoseconds += encoding
                decodingNanoseconds += decoding
            }
        } catch let error as MeasurementError {
            throw error
        } catch {
            let what = (error as? WireError)?.message ?? "\(error)"
            throw MeasurementError("what \(compression.rawValue) has encoded is refused: \(what)")
        }
    }

    /// Without the time that it takes to keep the frames: a primary hands them to the host's kernel.
    private static func encode(
        _ epoch: PageRecording.Epoch, _ recording: PageRecording, _ encoder: EpochEncoder,
        into frames: UnsafeMutableRawBufferPointer
    ) throws -> (byteCount: Int, nanoseconds: UInt64) {
        var byteCount = 0
        var keeping: UInt64 = 0
        let emit: EpochEncoder.Emit = { frame in
            let start = MonotonicTime.nanoseconds
            UnsafeMutableRawBufferPointer(rebasing: frames[byteCount...]).copyMemory(from: frame)
            byteCount += frame.count
            keeping += MonotonicTime.nanoseconds - start
        }
        let start = MonotonicTime.nanoseconds
        encoder.begin(epoch.number)
        try encoder.appendDiscards(epoch.discards, emit: emit)
        try recording.numbers.withUnsafeBufferPointer { numbers in
            try encoder.appendPages(
                numbers: UnsafeBufferPointer(rebasing: numbers[epoch.pages]),
                contents: UnsafeRawPointer(recording.place(epoch.pages.lowerBound)), emit: emit)
        }
        let summary = EpochEnd.Summary(isWhole: epoch.number == 1, guestNanoseconds: 0, guestEnd: nil)
        try encoder.finish(summary, emit: emit)
        return (byteCount, MonotonicTime.nanoseconds - start - keeping)
    }

    /// Pages are staged, as a mirror does before it has the whole epoch.
    private static func decode(
        _ frames: UnsafeRawBufferPointer, _ epoch: PageRecording.Epoch, _ recording: PageRecording,
        _ decoder: inout EpochDecoder, into pages: UnsafeMutableRawBufferPointer
    ) throws -> UInt64 {
        var next = epoch.pages.lowerBound
        var offset = 0
        let start = MonotonicTime.nanoseconds
        while offset < frames.count {
            let rest = UnsafeRawBufferPointer(rebasing: frames[offset...])
            let count = FrameHeader.byteCount + (try FrameHeader.read(rest).header.payloadByteCount)
            try decoder.consume(UnsafeRawBufferPointer(rebasing: rest[..<count])) { _, target in
                guard let base = recording.bases[next] else { return false }
                target.copyMemory(from: recording.place(base), byteCount: PageRecording.pageByteCount)
                return true
            } _: { item in
                guard case .page(let number, let page, _) = item else { return }
                guard next < epoch.pages.upperBound, number == recording.numbers[next] else {
                    throw MeasurementError("epoch \(epoch.number) has come out with other pages than it had")
                }
                let place = (next - epoch.pages.lowerBound) * PageRecording.pageByteCount
                (pages.baseAddress! + place).copyMemory(from: page, byteCount: PageRecording.pageByteCount)
                next += 1
            }
            offset += count
        }
        let nanoseconds = MonotonicTime.nanoseconds - start
        let byteCount = epoch.pages.count * PageRecording.pageByteCount
        guard next == epoch.pages.upperBound,
            memcmp(pages.baseAddress!, recording.place(epoch.pages.lowerBound), byteCount) == 0
        else { throw MeasurementError("epoch \(epoch.number) has come out with other bytes than it had") }
        return nanoseconds
    }

    /// Zeros on a page boundary, as the encoder wants them.
    private static func map(_ byteCount: Int) throws(MeasurementError) -> UnsafeMutableRawBufferPointer {
        if byteCount == 0 { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            throw MeasurementError("no memory for \(byteCount) bytes of previous pages: \(errorText(errno))")
        }
        return UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }
}
