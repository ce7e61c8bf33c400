public import RecordCoding

/// The mirror's side: held output that came with the epochs, as long as it is not known to have gone out. At a takeover
/// it is emitted, before any guest thread starts: at least once, and no gap (architecture §5).
public struct OutputLedger: Sendable {
    struct Entry: Sendable, Equatable {
        /// The stream's number on the primary, and where it leads.
        var stream: UInt64
        var place: OutputPlace
        /// Where in a regular file the stream's position 0 would lie.
        var fileOrigin: Int64?
        var record: OutputRecord
    }

    /// In the order of the epochs; within one, each stream's in order.
    private(set) var entries: [Entry] = []

    public init() {}

    public var isEmpty: Bool { entries.isEmpty }
    /// Whether something of it may be in a file already, which has to be looked at.
    public var hasFileOutput: Bool { entries.contains { $0.fileOrigin != nil } }

    /// Adds what `OutputGate.cut` gave for an epoch. Changes nothing where the bytes are not that.
    public mutating func add(_ bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        let streams = try reader.getAll { (reader) throws(RecordError) -> [Entry] in
            let stream = try reader.get(UInt64.self)
            let place = try OutputPlace(from: &reader)
            let fileOrigin = try reader.getOptional(Int64.self)
            let records = try reader.getAll { (reader) throws(RecordError) in try OutputRecord(from: &reader) }
            var end: UInt64 = 0
            for record in records {
                guard record.position >= end else { throw .isMalformed }
                end = record.end
            }
            guard fileOrigin.map({ abs($0 / 2) < 1 << 61 }) ?? true else { throw .isMalformed }
            return records.map { Entry(stream: stream, place: place, fileOrigin: fileOrigin, record: $0) }
        }
        try reader.finish()
        for stream in streams { entries += stream }
    }

    /// Drops what `OutputGate.takeReleased` says has gone out.
    public mutating func markReleased(_ bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        let told = try reader.getAll { (reader) throws(RecordError) in
            (stream: try reader.get(UInt64.self), position: try reader.get(UInt64.self))
        }
        try reader.finish()
        if told.isEmpty || entries.isEmpty { return }
        let positions = Dictionary(told.map { ($0.stream, $0.position) }, uniquingKeysWith: max)
        entries = entries.compactMap { entry in
            guard let position = positions[entry.stream] else { return entry }
            var rest = entry
            return rest.record.dropReleased(before: position) ? rest : nil
        }
    }

    /// Writes what is not known to have gone out to where it was going. After the guest's objects were rebuilt, before
    /// any of its threads starts, and while this process has the descriptors that it was started with under their own
    /// numbers. A reader that does not read holds this up for a second only.
    public mutating func emit(into kernel: GuestKernel) {
        var emission = OutputEmission(kernel)
        for entry in entries { emission.emit(entry) }
        emission.finish()
        entries = []
    }
}
