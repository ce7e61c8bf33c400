import Epochs
import Glibc

/// Reads frames from a socket into one buffer that is used again and again, and checks each.
///
/// Sound as unchecked: one thread reads.
public final class FrameReader: @unchecked Sendable {
    public let socket: LinkSocket
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
        /// Header and payload; good until the next frame is read, and as long as this value or its reader is there.
        public let frame: UnsafeRawBufferPointer
        /// Keeps the bytes where they are, also when the reader was a temporary.
        private let reader: FrameReader

        fileprivate init(_ header: FrameHeader, _ frame: UnsafeRawBufferPointer, _ reader: FrameReader) {
            self.header = header
            self.frame = frame
            self.reader = reader
        }

        public var payload: UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: frame[FrameHeader.byteCount...])
        }

        /// The payload as a message of a kind that the header has said.
        public func message<Message: WireMessage>(_ type: Message.Type = Message.self) throws(WireError) -> Message {
            try Message(payload: payload)
        }

        /// What a refusal says.
        public var text: String { String(decoding: payload, as: UTF8.self) }
    }

    /// The next frame; nil at an end of file between two frames. The timeout is for the whole of it, so that a peer
    /// that sends a byte now and then gains nothing. Throws `TransportError` or `WireError`; after either the
    /// connection is of no more use, because it is not known where the next frame would begin.
    public func receive(timeoutNanoseconds: UInt64? = nil) throws -> Received? {
        let deadline = Deadline(in: timeoutNanoseconds)
        let head = UnsafeMutableRawBufferPointer(rebasing: buffer[..<FrameHeader.byteCount])
        guard try socket.receiveExactly(into: head, until: deadline) else { return nil }
        let (header, _) = try FrameHeader.read(UnsafeRawBufferPointer(head))
        let total = FrameHeader.byteCount + header.payloadByteCount
        // A length that is a lie costs addresses only: the kernel gives memory for what is written to it.
        if total > buffer.count { grow(to: total) }
        if header.payloadByteCount > 0 {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[FrameHeader.byteCount..<total])
            guard try socket.receiveExactly(into: rest, until: deadline) else {
                throw TransportError("\(socket.peerText) ended the connection in the middle of a frame")
            }
        }
        let frame = UnsafeRawBufferPointer(rebasing: buffer[..<total])
        return Received(try FrameHeader.check(frame), frame, self)
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
