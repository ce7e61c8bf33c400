/// A small frame in one piece: handshake, acks, signs of life. Epochs are written by `EpochEncoder`.
public struct Frame: Sendable {
    public let bytes: [UInt8]

    public init(kind: FrameKind, epoch: UInt64 = 0, payload: [UInt8] = []) {
        let header = FrameHeader(kind: kind, epoch: epoch, payloadByteCount: payload.count)
        var bytes = [UInt8](repeating: 0, count: FrameHeader.byteCount) + payload
        bytes.withUnsafeMutableBytes { _ = header.write(before: $0) }
        self.bytes = bytes
    }

    /// A sentence that says why not; cut where it is longer than anybody reads.
    public init(_ kind: FrameKind, saying text: String) {
        self.init(kind: kind, payload: Array(text.utf8.prefix(1024)))
    }
}
