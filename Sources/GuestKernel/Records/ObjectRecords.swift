import RecordCoding

/// The decoded records of everything behind the guest's descriptors.
struct ObjectRecords: Sendable {
    /// Identities and numbers go up from 1, so that no guest comes near this one; the next must exist as well.
    static let numberMax = UInt64(Int64.max)

    let table: DescriptorTableRecord
    /// Oldest first.
    let descriptions: [DescriptionRecord]
    /// What an eventfd counts, by its description's identity.
    let counters: [UInt64: UInt64]
    /// What an end of a socketpair has to receive, by its description's identity.
    let queues: [UInt64: QueueRecord]
    /// What is in a pipe, by its number.
    let pipes: [UInt64: QueueRecord]
    /// The number that a pipe or socketpair was given last.
    let objectNumber: UInt64
    let segments: SegmentRecord

    init(_ records: RecordSet) throws(RestoreError) {
        table = try ObjectRecords.decode(records, .descriptors) { bytes throws(RecordError) in
            try DescriptorTableRecord(decoding: bytes)
        }
        descriptions = try ObjectRecords.all(records, .object) { identity, bytes throws(RecordError) in
            try ObjectRecords.description(identity, bytes)
        }
        let kinds = Dictionary(uniqueKeysWithValues: descriptions.map { ($0.identity, $0.object) })
        try ObjectRecords.checkPairs(descriptions)
        for entry in table.entries where kinds[entry.file] == nil {
            throw ObjectRecords.noRecord(entry)
        }
        var counters: [UInt64: UInt64] = [:]
        var queues: [UInt64: QueueRecord] = [:]
        _ = try ObjectRecords.all(records, .objectContents) { identity, bytes throws(RecordError) in
            switch kinds[identity] {
            case .event: counters[identity] = try ObjectRecords.counter(bytes)
            case .socket: queues[identity] = try QueueRecord(decoding: bytes)
            default: throw .isMalformed
            }
        }
        (self.counters, self.queues) = (counters, queues)
        var pipes: [UInt64: QueueRecord] = [:]
        _ = try ObjectRecords.all(records, .pipeContents) { number, bytes throws(RecordError) in
            pipes[number] = try QueueRecord(decoding: bytes)
        }
        self.pipes = pipes
        objectNumber = try ObjectRecords.decode(records, .networkCounters) { bytes throws(RecordError) in
            try ObjectRecords.number(bytes)
        }
        segments = try ObjectRecords.decode(records, .segments) { bytes throws(RecordError) in
            try SegmentRecord(decoding: bytes)
        }
        for segment in segments.segments where kinds[segment.file] == nil { throw ObjectRecords.noRecord(segment) }
    }

    private static func checkPairs(_ descriptions: [DescriptionRecord]) throws(RestoreError) {
        var endCounts: [UInt64: Int] = [:]
        for description in descriptions {
            guard let pair = description.socket?.pair, pair != 0 else { continue }
            endCounts[pair, default: 0] += 1
            if endCounts[pair]! > 2 { throw tooManyEnds(pair) }
        }
    }

    // MARK: - What `CheckedRecords` asks as well

    static func noRecord(_ entry: DescriptorTableRecord.Entry) -> RestoreError {
        RestoreError("the guest's descriptor \(entry.descriptor) is of object \(entry.file): no such record")
    }

    static func noRecord(_ segment: SegmentRecord.Segment) -> RestoreError {
        RestoreError("the guest's segment \(segment.number) is of object \(segment.file): no such record")
    }

    static func tooManyEnds(_ pair: UInt64) -> RestoreError {
        RestoreError("the guest's socketpair \(pair) has more than two ends")
    }

    static func description(_ identity: UInt64, _ bytes: [UInt8]) throws(RecordError) -> DescriptionRecord {
        guard 1...numberMax ~= identity else { throw .isMalformed }
        return try DescriptionRecord(identity: identity, decoding: bytes)
    }

    static func number(_ bytes: [UInt8]) throws(RecordError) -> UInt64 {
        let number = try counter(bytes)
        guard number <= numberMax else { throw .isMalformed }
        return number
    }

    static func counter(_ bytes: [UInt8]) throws(RecordError) -> UInt64 {
        var reader = RecordReader(bytes)
        let counter = try reader.get(UInt64.self)
        try reader.finish()
        return counter
    }

    // MARK: - Decoding

    private static func all<Record>(
        _ records: RecordSet, _ family: RecordFamily, _ decode: (UInt64, [UInt8]) throws(RecordError) -> Record
    ) throws(RestoreError) -> [Record] {
        var decoded: [Record] = []
        for record in records.family(family.rawValue) {
            do throws(RecordError) {
                decoded.append(try decode(record.key.number, record.bytes))
            } catch {
                throw RestoreError(family, number: record.key.number, error)
            }
        }
        return decoded
    }

    private static func decode<Record>(
        _ records: RecordSet, _ family: RecordFamily, _ decode: ([UInt8]) throws(RecordError) -> Record
    ) throws(RestoreError) -> Record {
        guard let bytes = records[family.key()] else {
            throw RestoreError("the guest's record \(family) 0 is missing")
        }
        do throws(RecordError) {
            return try decode(bytes)
        } catch {
            throw RestoreError(family, error)
        }
    }
}
