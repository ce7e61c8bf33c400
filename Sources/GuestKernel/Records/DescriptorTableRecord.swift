import RecordCoding

/// Which description each guest descriptor stands for.
struct DescriptorTableRecord: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var descriptor: Int32
        /// The description's identity.
        var file: UInt64
        var closesOnExec: Bool
    }

    /// As many as the kernel gives out at most unless told otherwise (fs.nr_open).
    private static let descriptorMax: Int32 = 1 << 20

    /// Lowest descriptor first.
    var entries: [Entry] = []
    /// RLIMIT_NOFILE's soft limit.
    var limit: Int64 = 0
    var usesRecordLocks = false

    init() {}

    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        limit = try reader.get()
        usesRecordLocks = try reader.getFlag()
        entries = try reader.getAll { reader throws(RecordError) in
            Entry(descriptor: try reader.get(), file: try reader.get(), closesOnExec: try reader.getFlag())
        }
        try reader.finish()
        guard limit >= 0 else { throw .isMalformed }
        var last: Int32 = -1
        for entry in entries {
            guard entry.descriptor > last, entry.descriptor <= DescriptorTableRecord.descriptorMax else {
                throw .isMalformed
            }
            last = entry.descriptor
        }
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 16 + entries.count * 13)
        writer.put(limit)
        writer.put(usesRecordLocks)
        writer.putAll(entries) { writer, entry in
            writer.put(entry.descriptor)
            writer.put(entry.file)
            writer.put(entry.closesOnExec)
        }
        return writer.bytes
    }
}
