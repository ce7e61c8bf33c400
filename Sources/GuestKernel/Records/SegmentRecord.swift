import RecordCoding

/// The segments of System V memory, as plain values.
struct SegmentRecord: Sendable, Equatable {
    /// shmget(2)'s shmid_ds, but for what its mappings say.
    struct Segment: Sendable, Equatable {
        /// What shmget(2) returns.
        var number: Int32
        /// IPC_PRIVATE (0) where it has none, or has none any more.
        var key: Int32
        /// The identity of its file's description.
        var file: UInt64
        var byteCount: UInt64
        /// Permission bits, and `removed`.
        var mode: UInt32
        var owner: Owner
        var creator: Owner
        var creatorProcess: Int32
        var lastProcess: Int32 = 0
        var attachedSeconds: Int64 = 0
        var detachedSeconds: Int64 = 0
        var changedSeconds: Int64

        /// SHM_DEST: it goes with its last mapping.
        static let removed: UInt32 = 0o1000
        static let permissions: UInt32 = 0o777

        var isRemoved: Bool { mode & Segment.removed != 0 }
    }

    struct Owner: Sendable, Equatable {
        var user: UInt32
        var group: UInt32
    }

    /// In the order of their numbers.
    var segments: [Segment] = []
    /// What the next one's number ends with (`SegmentTable`).
    var nextNumber: Int32 = 0
}

extension SegmentRecord {
    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        nextNumber = try reader.get()
        segments = try reader.getAll { reader throws(RecordError) in try Segment(from: &reader) }
        try reader.finish()
        guard 0..<Int32(SegmentTable.countMax) ~= nextNumber else { throw .isMalformed }
        var last: Int32 = -1
        for segment in segments {
            guard segment.number > last else { throw .isMalformed }
            last = segment.number
        }
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 8 + segments.count * 84)
        writer.put(nextNumber)
        writer.putAll(segments) { writer, segment in segment.write(to: &writer) }
        return writer.bytes
    }
}

extension SegmentRecord.Segment {
    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        number = try reader.get()
        key = try reader.get()
        file = try reader.get()
        byteCount = try reader.get()
        mode = try reader.get()
        owner = SegmentRecord.Owner(user: try reader.get(), group: try reader.get())
        creator = SegmentRecord.Owner(user: try reader.get(), group: try reader.get())
        creatorProcess = try reader.get()
        lastProcess = try reader.get()
        attachedSeconds = try reader.get()
        detachedSeconds = try reader.get()
        changedSeconds = try reader.get()
        guard 1...SegmentTable.byteCountMax ~= byteCount else { throw .isMalformed }
    }

    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(number)
        writer.put(key)
        writer.put(file)
        writer.put(byteCount)
        writer.put(mode)
        writer.put(owner.user)
        writer.put(owner.group)
        writer.put(creator.user)
        writer.put(creator.group)
        writer.put(creatorProcess)
        writer.put(lastProcess)
        writer.put(attachedSeconds)
        writer.put(detachedSeconds)
        writer.put(changedSeconds)
    }
}
