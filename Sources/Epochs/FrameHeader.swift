/// The start of every frame. All numbers are little-endian.
///
///     offset  bytes
///          0      4  magic "USTY"
///          4      2  wire version
///          6      2  kind (FrameKind)
///          8      8  epoch; 0 where a frame belongs to none
///         16      4  payload's length, at most 4 MiB
///         20      4  the frame's place within its epoch, from 0
///         24      8  the header's checksum: XXH3 of the 24 bytes above
///         32      8  the payload's checksum: XXH3, seeded with the header's
///         40         payload
///
/// The header has one of its own because nobody may wait for a payload whose length was damaged on the way.
/// The first six bytes stay as they are in every version, so that a peer of another one can be told. Bump
/// `wireVersion` with any other change.
public struct FrameHeader: Equatable, Sendable {
    public static let byteCount = 40
    public static let payloadByteCountMax = 4 << 20
    private static let magic: UInt32 = 0x5954_5355
    private static let checkedByteCount = 24

    public var kind: FrameKind
    public var epoch: UInt64
    public var payloadByteCount: Int
    public var sequence: UInt32

    public init(kind: FrameKind, epoch: UInt64 = 0, sequence: UInt32 = 0, payloadByteCount: Int = 0) {
        self.kind = kind
        self.epoch = epoch
        self.sequence = sequence
        self.payloadByteCount = payloadByteCount
    }

    /// Writes the header's 40 bytes for a payload that lies right behind them, and returns the checksum.
    @discardableResult
    public func write(before frame: UnsafeMutableRawBufferPointer) -> UInt64 {
        precondition(frame.count == FrameHeader.byteCount + payloadByteCount, "a frame is its header and payload")
        precondition(payloadByteCount <= FrameHeader.payloadByteCountMax, "a frame's payload is bounded")
        frame.storeBytes(of: FrameHeader.magic.littleEndian, toByteOffset: 0, as: UInt32.self)
        frame.storeBytes(of: wireVersion.littleEndian, toByteOffset: 4, as: UInt16.self)
        frame.storeBytes(of: kind.rawValue.littleEndian, toByteOffset: 6, as: UInt16.self)
        frame.storeBytes(of: epoch.littleEndian, toByteOffset: 8, as: UInt64.self)
        frame.storeBytes(of: UInt32(payloadByteCount).littleEndian, toByteOffset: 16, as: UInt32.self)
        frame.storeBytes(of: sequence.littleEndian, toByteOffset: 20, as: UInt32.self)
        let headerSum = FrameHeader.headerChecksum(UnsafeRawBufferPointer(frame))
        frame.storeBytes(of: headerSum.littleEndian, toByteOffset: 24, as: UInt64.self)
        let sum = FrameHeader.checksum(UnsafeRawBufferPointer(frame))
        frame.storeBytes(of: sum.littleEndian, toByteOffset: 32, as: UInt64.self)
        return sum
    }

    /// Reads a header, whose payload is still to come. `checksum(_:)` is to be compared with the second result then.
    public static func read(
        _ bytes: UnsafeRawBufferPointer
    ) throws(WireError) -> (header: FrameHeader, checksum: UInt64) {
        guard bytes.count >= byteCount else { throw WireError(.cutShort, "a frame ends within its header") }
        func load<Value: FixedWidthInteger>(_ offset: Int, _ type: Value.Type) -> Value {
            Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }
        guard load(0, UInt32.self) == magic else { throw WireError(.badMagic, "what came is not a frame of ours") }
        let version = load(4, UInt16.self)
        guard version == wireVersion else {
            throw WireError(
                .otherVersion(version),
                "the peer speaks version \(version) of the link, this side \(wireVersion): run the same on both")
        }
        guard load(24, UInt64.self) == headerChecksum(bytes) else {
            throw WireError(.badChecksum, "the checksum of a frame's header is wrong")
        }
        guard let kind = FrameKind(rawValue: load(6, UInt16.self)) else {
            throw WireError(.unknownKind, "a frame is of no known kind")
        }
        let length = Int(load(16, UInt32.self))
        guard length <= payloadByteCountMax else { throw WireError(.tooLong, "a frame claims \(length) bytes") }
        let header = FrameHeader(
            kind: kind, epoch: load(8, UInt64.self), sequence: load(20, UInt32.self), payloadByteCount: length)
        return (header, load(32, UInt64.self))
    }

    /// The checksum of a whole frame, header included.
    public static func checksum(_ frame: UnsafeRawBufferPointer) -> UInt64 {
        Checksum.of(UnsafeRawBufferPointer(rebasing: frame[byteCount...]), seed: headerChecksum(frame))
    }

    private static func headerChecksum(_ frame: UnsafeRawBufferPointer) -> UInt64 {
        Checksum.of(UnsafeRawBufferPointer(rebasing: frame[..<checkedByteCount]))
    }

    /// Reads a whole frame and checks it.
    public static func check(_ frame: UnsafeRawBufferPointer) throws(WireError) -> FrameHeader {
        let (header, sum) = try read(frame)
        guard frame.count == byteCount + header.payloadByteCount else {
            throw WireError(.cutShort, "a frame is shorter or longer than it says")
        }
        guard checksum(frame) == sum else { throw WireError(.badChecksum, "a frame's checksum is wrong") }
        return header
    }
}
