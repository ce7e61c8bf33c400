import RecordCoding

/// An open file description as a value: what `RecordFamily.object` holds under the description's identity.
struct DescriptionRecord: Sendable, Equatable {
    let identity: UInt64
    /// What it was; a path may lead to something else on another machine.
    var kind: FileDescription.Kind
    /// The guest's O_* flags.
    var statusFlags: Int32
    /// Where the next read or write begins, for what has such a place.
    var offset: Int64?
    /// Whom it tells by a signal that it is ready.
    var signals = DescriptorSignals()
    /// A thread is in connect(2) on it, and makes that call again.
    var isAwaitedByConnect = false
    var object: ObjectRecord

    init(identity: UInt64, kind: FileDescription.Kind, statusFlags: Int32, object: ObjectRecord) {
        self.identity = identity
        self.kind = kind
        self.statusFlags = statusFlags
        self.object = object
    }

    init(identity: UInt64, decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        guard let kind = FileDescription.Kind(rawValue: try reader.get()) else { throw .isMalformed }
        let statusFlags = try reader.get(Int32.self)
        let offset = try reader.getOptional(Int64.self)
        let isAwaited = try reader.getFlag()
        let signals = try DescriptorSignals(from: &reader)
        self.init(
            identity: identity, kind: kind, statusFlags: statusFlags, object: try ObjectRecord(from: &reader))
        self.offset = offset
        isAwaitedByConnect = isAwaited
        self.signals = signals
        try reader.finish()
        guard offset ?? 0 >= 0 else { throw .isMalformed }
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 128)
        writer.put(kind.rawValue)
        writer.put(statusFlags)
        writer.put(offset)
        writer.put(isAwaitedByConnect)
        signals.write(to: &writer)
        object.write(to: &writer)
        return writer.bytes
    }
}
