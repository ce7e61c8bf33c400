import RecordCoding

/// Pages that read as zeros now, until the epoch's own pages say otherwise.
public enum EpochDiscards: Equatable, Sendable {
    case everything
    case pages([Range<UInt64>])

    public var isEmpty: Bool { self == .pages([]) }

    func write(to writer: inout RecordWriter, _ ranges: ArraySlice<Range<UInt64>>) {
        writer.put(self == .everything)
        writer.put(UInt32(ranges.count))
        for range in ranges {
            writer.put(range.lowerBound)
            writer.put(range.upperBound)
        }
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        let isEverything = try reader.getFlag()
        let ranges = try reader.getAll { reader throws(RecordError) -> Range<UInt64> in
            let start: UInt64 = try reader.get()
            let end: UInt64 = try reader.get()
            let all = PageCoding.pageNumbers
            guard start < end, start >= all.lowerBound, end <= all.upperBound else { throw .isMalformed }
            return start..<end
        }
        try reader.finish()
        if isEverything, !ranges.isEmpty { throw .isMalformed }
        self = isEverything ? .everything : .pages(ranges)
    }
}
