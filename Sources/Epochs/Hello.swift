import RecordCoding

/// What a primary says first, on each of its connections.
public struct Hello: WireMessage, Equatable {
    public static let kind = FrameKind.hello

    public enum Purpose: UInt8, Sendable {
        case link = 1
        /// Signs of life, which must not queue behind pages.
        case heartbeats = 2
    }

    public var purpose: Purpose
    /// The same on both connections of a session.
    public var nonce: UInt64
    public var software: String
    public var pageByteCount: UInt32 = 4096
    public var arenaEnd: UInt64
    public var processor: ProcessorFacts
    public var machine: PeerIdentity
    /// Silence that counts as failure; nil never does.
    public var failureTimeoutNanoseconds: UInt64?
    /// `HOST:PORT` where the primary answers probes.
    public var probeEndpoint: String
    /// Whether machine identities are to be compared: not in a test that plays two machines.
    public var isTreatedAsRemote: Bool
    /// The directories whose files are replicated; `VolumePath` counts in their order.
    public var volumes: [VolumeOffer] = []
    /// Whether an epoch in which the guest made sure that files are on the disk is acknowledged only once they are on
    /// the mirror's.
    public var isDurable = false

    public init(
        purpose: Purpose, nonce: UInt64, software: String, arenaEnd: UInt64, processor: ProcessorFacts,
        machine: PeerIdentity, failureTimeoutNanoseconds: UInt64?, probeEndpoint: String, isTreatedAsRemote: Bool
    ) {
        self.purpose = purpose
        self.nonce = nonce
        self.software = software
        self.arenaEnd = arenaEnd
        self.processor = processor
        self.machine = machine
        self.failureTimeoutNanoseconds = failureTimeoutNanoseconds
        self.probeEndpoint = probeEndpoint
        self.isTreatedAsRemote = isTreatedAsRemote
    }

    public func write(to writer: inout RecordWriter) {
        writer.put(purpose.rawValue)
        writer.put(nonce)
        writer.put(software)
        writer.put(pageByteCount)
        writer.put(arenaEnd)
        processor.write(to: &writer)
        machine.write(to: &writer)
        writer.put(failureTimeoutNanoseconds)
        writer.put(probeEndpoint)
        writer.put(isTreatedAsRemote)
        writer.putAll(volumes) { $1.write(to: &$0) }
        writer.put(isDurable)
    }

    public init(from reader: inout RecordReader) throws(RecordError) {
        guard let purpose = Purpose(rawValue: try reader.get()) else { throw .isMalformed }
        self.purpose = purpose
        nonce = try reader.get()
        software = try reader.getText()
        pageByteCount = try reader.get()
        arenaEnd = try reader.get()
        processor = try ProcessorFacts(from: &reader)
        machine = try PeerIdentity(from: &reader)
        failureTimeoutNanoseconds = try reader.getOptional()
        probeEndpoint = try reader.getText()
        isTreatedAsRemote = try reader.getFlag()
        volumes = try reader.getAll { reader throws(RecordError) in try VolumeOffer(from: &reader) }
        guard volumes.count <= VolumeOffer.countMax else { throw .isMalformed }
        isDurable = try reader.getFlag()
    }

    /// Why a guest of this primary's cannot go on at a mirror like `mine`; nil where it can.
    public func refusal(by mine: ProcessorFacts, arenaEnd myArenaEnd: UInt64) -> String? {
        if pageByteCount != 4096 { return "the primary's pages have \(pageByteCount) bytes, this mirror's have 4096" }
        if arenaEnd != myArenaEnd { return "the primary keeps its guest at other addresses than this mirror" }
        return mine.refusal(ofGuestFrom: processor)
    }
}
