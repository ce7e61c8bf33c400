import RecordCoding

/// What a mirror answers to a hello that it takes.
public struct Welcome: WireMessage, Equatable {
    public static let kind = FrameKind.welcome

    public var nonce: UInt64
    public var machine: PeerIdentity
    /// What both sides go by.
    public var failureTimeoutNanoseconds: UInt64?
    /// The abstract Unix socket where the primary hands over descriptors; empty where the sides do not share a machine.
    public var localChannel: String
    /// Whether the mirror fences a silent primary before it takes over.
    public var fences: Bool

    public init(
        nonce: UInt64, machine: PeerIdentity, failureTimeoutNanoseconds: UInt64?, localChannel: String, fences: Bool
    ) {
        self.nonce = nonce
        self.machine = machine
        self.failureTimeoutNanoseconds = failureTimeoutNanoseconds
        self.localChannel = localChannel
        self.fences = fences
    }

    public func write(to writer: inout RecordWriter) {
        writer.put(nonce)
        machine.write(to: &writer)
        writer.put(failureTimeoutNanoseconds)
        writer.put(localChannel)
        writer.put(fences)
    }

    public init(from reader: inout RecordReader) throws(RecordError) {
        nonce = try reader.get()
        machine = try PeerIdentity(from: &reader)
        failureTimeoutNanoseconds = try reader.getOptional()
        localChannel = try reader.getText()
        fences = try reader.getFlag()
    }
}
