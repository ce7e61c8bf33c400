import RecordCoding

/// Held bytes or a held datagram as they travel to the mirror (architecture §5).
struct OutputRecord: Sendable, Equatable {
    var isDatagram: Bool
    /// The stream's position where it begins; what follows it begins after its bytes, or one later for a datagram.
    var position: UInt64
    /// A datagram's MSG_* flags.
    var flags: Int32
    /// A datagram's destination as a raw sockaddr; empty where the socket is connected.
    var address: [UInt8]
    var bytes: [UInt8]

    var end: UInt64 { position + (isDatagram ? 1 : UInt64(bytes.count)) }

    /// Writes an operation whose payload lies at `payload`, without its first `skipped` bytes.
    static func put(
        _ operation: HeldOperation, skipping skipped: Int, payload: UnsafeRawPointer?, into writer: inout RecordWriter
    ) {
        let address = UnsafeRawBufferPointer(start: payload, count: operation.addressByteCount)
        let start = operation.addressByteCount + skipped
        let bytes = UnsafeRawBufferPointer(start: payload.map { $0 + start }, count: operation.byteCount - start)
        writer.put(operation.kind == .datagram)
        writer.put(operation.position + UInt64(skipped))
        writer.put(operation.flags)
        writer.put(UInt32(address.count))
        writer.putRaw(address)
        writer.put(UInt32(bytes.count))
        writer.putRaw(bytes)
    }

    init(isDatagram: Bool, position: UInt64, flags: Int32 = 0, address: [UInt8] = [], bytes: [UInt8]) {
        self.isDatagram = isDatagram
        self.position = position
        self.flags = flags
        self.address = address
        self.bytes = bytes
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        isDatagram = try reader.getFlag()
        position = try reader.get()
        flags = try reader.get()
        address = try reader.getBytes()
        bytes = try reader.getBytes()
        // No position reaches this within a life: such a one would overflow `end`.
        guard position < 1 << 62 else { throw .isMalformed }
        guard isDatagram || address.isEmpty else { throw .isMalformed }
    }

    /// Leaves out what lies before `position`; false when nothing is left.
    mutating func dropReleased(before position: UInt64) -> Bool {
        if end <= position { return false }
        if position > self.position {
            bytes.removeFirst(Int(position - self.position))
            self.position = position
        }
        return true
    }
}
