import RecordCoding

/// Whom a descriptor tells by a signal that it is ready, or that something in its directory has changed, and how: what
/// F_SETOWN, F_SETSIG and F_NOTIFY have set. O_ASYNC itself is one of the description's flags.
struct DescriptorSignals: Sendable, Equatable {
    /// F_OWNER_TID and its like.
    enum OwnerKind: Int32 { case thread, process, group }

    var ownerKind = OwnerKind.process
    /// The guest's number of it; 0 for nobody.
    var owner: Int32 = 0
    /// F_SETSIG's; 0 is a SIGIO that says nothing of the descriptor.
    var signal: Int32 = 0
    /// The number under which O_ASYNC or F_NOTIFY was asked for: the handler is told that one.
    var descriptor: Int32 = -1
    /// F_NOTIFY's DN_* flags; 0 for none.
    var watched: UInt32 = 0

    func write(to writer: inout RecordWriter) {
        writer.put(ownerKind.rawValue)
        writer.put(owner)
        writer.put(signal)
        writer.put(descriptor)
        writer.put(watched)
    }

    init() {}

    init(from reader: inout RecordReader) throws(RecordError) {
        guard let kind = OwnerKind(rawValue: try reader.get()) else { throw .isMalformed }
        ownerKind = kind
        owner = try reader.get()
        signal = try reader.get()
        descriptor = try reader.get()
        watched = try reader.get()
        guard owner >= 0, (0...64).contains(signal) else { throw .isMalformed }
    }
}
