import Epochs
import Glibc

/// The pages of a guest's epochs, as `run --blackhole --blackhole-file` has kept them.
final class PageRecording {
    struct Epoch {
        var number: UInt64
        var discards = EpochDiscards.pages([])
        /// Which of the recording's pages are its own.
        var pages: Range<Int>
        /// What besides pages would have gone over the link.
        var otherByteCount = 0
    }

    static let pageByteCount = 4096

    private(set) var epochs: [Epoch] = []
    private(set) var numbers: [UInt64] = []
    /// For each page the place of what it was at the end of the epoch before; nil for none.
    private(set) var bases: [Int?] = []
    /// The pages one behind the other.
    let contents: UnsafeMutableRawPointer

    /// - Parameter path: a file that was written with `--compress off`, so that no page is a difference.
    init(of path: String) throws(MeasurementError) {
        let bytes = try HostFile.bytes(of: path)
        var pageCount = 0
        try PageRecording.read(bytes, path) { item, _ in
            if case .page = item { pageCount += 1 }
        }
        contents = .allocate(byteCount: max(1, pageCount) * PageRecording.pageByteCount, alignment: 4096)
        var next = Epoch(number: 1, pages: 0..<0)
        try PageRecording.read(bytes, path) { item, otherByteCount in
            switch item {
            case .page(let number, let page, _):
                place(numbers.count).copyMemory(from: page, byteCount: PageRecording.pageByteCount)
                numbers.append(number)
            case .discards(let discards): next.discards = discards
            case .complete(let end):
                next.pages = next.pages.lowerBound..<numbers.count
                next.otherByteCount = otherByteCount
                epochs.append(next)
                next = Epoch(number: end.number + 1, pages: numbers.count..<numbers.count)
            default: break
            }
        }
        // Of an epoch that has no end.
        numbers.removeSubrange((epochs.last?.pages.upperBound ?? 0)...)
        findBases()
    }

    deinit { contents.deallocate() }

    func place(_ page: Int) -> UnsafeMutableRawPointer { contents + page * PageRecording.pageByteCount }

    /// What a mirror has of each page when the epoch that changes it comes.
    private func findBases() {
        var known: [UInt64: Int] = [:]
        bases.reserveCapacity(numbers.count)
        for epoch in epochs {
            for page in epoch.pages { bases.append(known[numbers[page]]) }
            switch epoch.discards {
            case .everything: known.removeAll()
            case .pages(let ranges):
                for range in ranges where range.count <= known.count {
                    for number in range { known[number] = nil }
                }
                let large = ranges.filter { $0.count > known.count }
                if !large.isEmpty { known = known.filter { page in !large.contains { $0.contains(page.key) } } }
            }
            for page in epoch.pages { known[numbers[page]] = page }
        }
    }

    /// Hands out what the frames say, and at each epoch's end how many bytes of it were no pages. A file whose writer
    /// was killed may end anywhere.
    private static func read(
        _ bytes: [UInt8], _ path: String, _ take: (EpochDecoder.Item, Int) -> Void
    ) throws(MeasurementError) {
        var decoder = EpochDecoder()
        var otherByteCount = 0
        do {
            try bytes.withUnsafeBytes { bytes in
                var offset = 0
                while bytes.count - offset >= FrameHeader.byteCount {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                    let header = try FrameHeader.read(rest).header
                    let count = FrameHeader.byteCount + header.payloadByteCount
                    if rest.count < count { return }
                    if header.kind != .pages { otherByteCount += count }
                    try decoder.consume(UnsafeRawBufferPointer(rebasing: rest[..<count]), base: { _, _ in false }) {
                        take($0, otherByteCount)
                    }
                    if header.kind == .epochEnd { otherByteCount = 0 }
                    offset += count
                }
            }
        } catch {
            throw MeasurementError("\(path) is no recording: \((error as? WireError)?.message ?? "\(error)")")
        }
    }
}
