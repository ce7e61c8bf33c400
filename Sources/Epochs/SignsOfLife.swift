import RecordCoding

/// "I am there", from the primary. What has been released since the last one travels along, so that a takeover repeats
/// less.
public struct Heartbeat: WireMessage, Equatable {
    public static let kind = FrameKind.heartbeat
    public var sequence: UInt64
    /// Opaque: the output gate's.
    public var released: [UInt8]

    public init(sequence: UInt64, released: [UInt8] = []) {
        self.sequence = sequence
        self.released = released
    }

    public func write(to writer: inout RecordWriter) {
        writer.put(sequence)
        writer.put(released)
    }

    public init(from reader: inout RecordReader) throws(RecordError) {
        sequence = try reader.get()
        released = try reader.getBytes()
    }
}

public struct HeartbeatReply: WireMessage, Equatable {
    public static let kind = FrameKind.heartbeatReply
    public var sequence: UInt64
    public var hasTakenOver: Bool

    public init(sequence: UInt64, hasTakenOver: Bool) {
        self.sequence = sequence
        self.hasTakenOver = hasTakenOver
    }

    public func write(to writer: inout RecordWriter) {
        writer.put(sequence)
        writer.put(hasTakenOver)
    }

    public init(from reader: inout RecordReader) throws(RecordError) {
        sequence = try reader.get()
        hasTakenOver = try reader.getFlag()
    }
}

/// "Are you there?", once, by whoever saw a connection close.
public struct Probe: WireMessage, Equatable {
    public static let kind = FrameKind.probe
    public var nonce: UInt64

    public init(nonce: UInt64) { self.nonce = nonce }

    public func write(to writer: inout RecordWriter) { writer.put(nonce) }

    public init(from reader: inout RecordReader) throws(RecordError) { nonce = try reader.get() }
}

public struct ProbeAnswer: WireMessage, Equatable {
    public static let kind = FrameKind.probeAnswer
    public var nonce: UInt64
    public var hasTakenOver: Bool

    public init(nonce: UInt64, hasTakenOver: Bool) {
        self.nonce = nonce
        self.hasTakenOver = hasTakenOver
    }

    public func write(to writer: inout RecordWriter) {
        writer.put(nonce)
        writer.put(hasTakenOver)
    }

    public init(from reader: inout RecordReader) throws(RecordError) {
        nonce = try reader.get()
        hasTakenOver = try reader.getFlag()
    }
}
