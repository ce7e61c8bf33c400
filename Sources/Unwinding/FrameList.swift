/// The descriptions of a module whose linker made no table of them: found by going through `.eh_frame`, and sorted.
struct FrameList: Sendable {
    struct Entry: Sendable {
        let start: UInt64
        let description: UInt64
    }

    private(set) var entries: [Entry] = []

    private static let entryCountMax = 1 << 17
    private static let recordCountMax = 1 << 18

    /// Goes from the record at `address` to the one that marks the end; nil where there is nothing of use. `accepts`
    /// says whether an address can be a function's.
    init?(at address: UInt64, _ memory: MemoryReader, accepts: (UInt64) -> Bool) {
        var place = address
        for _ in 0..<FrameList.recordCountMax {
            // What does not go on ends as well: the section's end is not known.
            guard let record = try? FrameRecord(at: place, memory) else { break }
            let start = place
            place = record.end
            if record.isCommon { continue }
            guard let description = try? FrameDescription(at: start, memory), accepts(description.start) else { break }
            entries.append(Entry(start: description.start, description: start))
            if entries.count == FrameList.entryCountMax { break }
        }
        if entries.isEmpty { return nil }
        entries.sort { $0.start < $1.start }
    }

    /// Looks for the first record in a module's memory. Programs that are linked statically have the section, but no
    /// header that says where.
    init?(searchedIn image: ModuleImage, _ memory: MemoryReader) {
        var candidateCount = 0
        for segment in image.segments where !segment.isWritable {
            var place = segment.start
            while let found = FrameList.firstRecord(from: place, to: segment.end, memory) {
                if let list = FrameList(at: found, memory, accepts: image.isExecutable) {
                    self = list
                    return
                }
                candidateCount += 1
                if candidateCount == FrameList.candidateCountMax { return nil }
                place = found + FrameList.alignment
            }
        }
        return nil
    }

    private static let candidateCountMax = 16
    private static let alignment: UInt64 = 8
    private static let chunkByteCount = 64 << 10
    private static let searchedByteCountMax: UInt64 = 64 << 20
    private static let firstRecordByteCountMax: UInt32 = 64

    /// The next place that looks as the section begins: a short record that is no function's, of version 1, with "z".
    private static func firstRecord(from start: UInt64, to end: UInt64, _ memory: MemoryReader) -> UInt64? {
        // Wraps where a segment is at the end of all addresses: then there is nothing to search.
        var place = (start &+ alignment &- 1) & ~(alignment - 1)
        guard start <= place, place < end else { return nil }
        let last = place + min(end - place, searchedByteCountMax)
        return withUnsafeTemporaryAllocation(byteCount: chunkByteCount, alignment: 8) { buffer in
            while last - place >= 16 {
                let count = Int(min(last - place, UInt64(chunkByteCount))) & ~7
                let chunk = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                guard memory.copy(place, to: chunk) else { return nil }
                for offset in stride(from: 0, to: count - 8, by: Int(alignment)) {
                    let head = chunk.load(fromByteOffset: offset, as: UInt64.self)
                    guard head >> 32 == 0, 8...firstRecordByteCountMax ~= UInt32(truncatingIfNeeded: head),
                        chunk[offset + 8] == 1, chunk[offset + 9] == UInt8(ascii: "z")
                    else { continue }
                    return place + UInt64(offset)
                }
                // The last word was only looked at as what follows.
                place += UInt64(count) - alignment
            }
            return nil
        }
    }

    /// The last description that begins at or before an address.
    func description(before address: UInt64) -> UInt64? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].start <= address { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? entries[low - 1].description : nil
    }
}
