import Epochs
import Glibc

/// Reads frames from a socket into one buffer that is used again and again, and checks each.
///
/// Sound as unchecked: one thread reads.
public final class FrameReader: @unchecked Sendable {
    private let socket: LinkSocket
    private var buffer: UnsafeMutableRawBufferPointer

    /// Most frames are no longer; the buffer grows for one that is.
    private static let byteCountUsual = 512 << 10

    public init(_ socket: LinkSocket) {
        self.socket = socket
        buffer = .allocate(byteCount: FrameReader.byteCountUsual, alignment: 64)
    }

    deinit {
        buffer.deallocate()
    }

    /// A frame that was checked.
    public struct Received {
        public let header: FrameHeader
        /// Header and payload; good until the next frame is read.
        public let frame: UnsafeRawBufferPointer

        public var payload: UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: frame[FrameHeader.byteCount...])
        }

        /// What a refusal says.
        public var text: String { String(decoding: payload, as: UTF8.self) }
    }

    /// The next frame; nil at an end of file between two frames. Throws `TransportError` or `WireError`.
    public func receive(timeoutNanoseconds: UInt64? = nil) throws -> Received? {
        let head = UnsafeMutableRawBufferPointer(rebasing: buffer[..<FrameHeader.byteCount])
        guard try socket.receiveExactly(into: head, timeoutNanoseconds: timeoutNanoseconds) else { return nil }
        let (header, _) = try FrameHeader.read(UnsafeRawBufferPointer(head))
        let total = FrameHeader.byteCount + header.payloadByteCount
        if total > buffer.count { grow(to: total) }
        if header.payloadByteCount > 0 {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[FrameHeader.byteCount..<total])
            guard try socket.receiveExactly(into: rest, timeoutNanoseconds: timeoutNanoseconds) else {
                throw TransportError("\(socket.peerText) ended the connection in the middle of a frame")
            }
        }
        let frame = UnsafeRawBufferPointer(rebasing: buffer[..<total])
        return Received(header: try FrameHeader.check(frame), frame: frame)
    }

    private func grow(to byteCount: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<FrameHeader.byteCount]))
        buffer.deallocate()
        buffer = larger
    }
}

extension LinkSocket {
    /// Sends a small frame.
    public func send(_ frame: Frame) throws(TransportError) {
        try send(frame.bytes)
    }
}
