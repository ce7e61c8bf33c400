import RecordCoding

/// What is kept of the records of what is behind the guest's descriptors, to see whether they fit together.
struct ObjectFacts: Sendable {
    private struct Description {
        var contents: Contents
        /// Of a socketpair: its number; 0 for anything else.
        var pair: UInt64
    }

    /// What a record of an object's contents holds.
    enum Contents {
        case counter, queue, nothing

        init(of object: ObjectRecord) {
            switch object {
            case .event: self = .counter
            case .socket: self = .queue
            default: self = .nothing
            }
        }

        func check(_ bytes: [UInt8]) throws(RecordError) {
            switch self {
            case .counter: _ = try ObjectRecords.counter(bytes)
            case .queue: _ = try QueueRecord(decoding: bytes)
            case .nothing: throw .isMalformed
            }
        }
    }

    private var descriptions: [UInt64: Description] = [:]
    /// By the number of a socketpair: how many ends it has.
    private var endCounts: [UInt64: Int] = [:]
    /// Of what there are contents, by identity.
    private var withContents: Set<UInt64> = []
    /// What the descriptors stand for.
    private var files: [DescriptorTableRecord.Entry] = []
    private var segments: [SegmentRecord.Segment] = []

    // What the last delta has touched.
    private var unseenContents: Set<UInt64> = []
    private var mayLackFiles = false
    private var touchedPairs: Set<UInt64> = []

    mutating func remove(_ identity: UInt64) {
        if let old = descriptions.removeValue(forKey: identity) { count(old.pair, -1) }
        if withContents.contains(identity) { unseenContents.insert(identity) }
        mayLackFiles = true
    }

    mutating func removeContents(_ identity: UInt64) {
        withContents.remove(identity)
        unseenContents.remove(identity)
    }

    mutating func note(_ record: DescriptionRecord) {
        let new = Description(contents: Contents(of: record.object), pair: record.socket?.pair ?? 0)
        let old = descriptions.updateValue(new, forKey: record.identity)
        if let old { count(old.pair, -1) }
        count(new.pair, 1)
        if old?.contents != new.contents, withContents.contains(record.identity) {
            unseenContents.insert(record.identity)
        }
    }

    mutating func noteContents(_ identity: UInt64) {
        withContents.insert(identity)
        unseenContents.insert(identity)
    }

    mutating func note(_ table: DescriptorTableRecord) {
        files = table.entries
        mayLackFiles = true
    }

    mutating func note(_ record: SegmentRecord) {
        segments = record.segments
        mayLackFiles = true
    }

    private mutating func count(_ pair: UInt64, _ change: Int) {
        if pair == 0 { return }
        touchedPairs.insert(pair)
        let count = endCounts[pair, default: 0] + change
        endCounts[pair] = count == 0 ? nil : count
    }

    /// Looks at what was touched, in the set that came of it.
    mutating func check(_ records: RecordSet) throws(RestoreError) {
        if mayLackFiles {
            for entry in files where descriptions[entry.file] == nil { throw ObjectRecords.noRecord(entry) }
            for segment in segments where descriptions[segment.file] == nil { throw ObjectRecords.noRecord(segment) }
        }
        for pair in touchedPairs where endCounts[pair] ?? 0 > 2 { throw ObjectRecords.tooManyEnds(pair) }
        for identity in unseenContents {
            let key = RecordFamily.objectContents.key(identity)
            guard let bytes = records[key] else { continue }
            do throws(RecordError) {
                try (descriptions[identity]?.contents ?? .nothing).check(bytes)
            } catch {
                throw CheckedRecords.error(key, error)
            }
        }
        mayLackFiles = false
        touchedPairs.removeAll(keepingCapacity: true)
        unseenContents.removeAll(keepingCapacity: true)
    }
}
