import Epochs
import Glibc

/// Reads frames from a socket into one buffer that is used again and again, and checks each.
///
/// Small frames are read together, as an epoch's are sent: whatever has come goes through this one reader, and is lost
/// with it.
///
/// Sound as unchecked: one thread reads.
public final class FrameReader: @unchecked Sendable {
    public let socket: LinkSocket
    private var buffer: UnsafeMutableRawBufferPointer
    /// What has been received and not been handed out.
    private var unread: Range<Int> = 0..<0

    /// Most frames are no longer; the buffer grows for one that is.
    private static let byteCountUsual = 512 << 10
    /// So much is read at once where less is needed. The beginning of a frame that does not end there is moved to the
    /// front of the buffer for the rest to come behind it.
    private static let aheadByteCount = 64 << 10

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
        guard try receive(FrameHeader.byteCount, deadline) else { return nil }
        let (header, _) = try FrameHeader.read(UnsafeRawBufferPointer(rebasing: buffer[unread]))
        let total = FrameHeader.byteCount + header.payloadByteCount
        // A length that is a lie costs addresses only: the kernel gives memory for what is written to it.
        _ = try receive(total, deadline)
        let frame = UnsafeRawBufferPointer(rebasing: buffer[unread.prefix(total)])
        unread = unread.dropFirst(total)
        return Received(try FrameHeader.check(frame), frame, self)
    }

    /// Whether there is something to receive, or the end of the file.
    public var hasInput: Bool { !unread.isEmpty || socket.hasInput }

    /// Sees that so many bytes are there; false at an end of file where there are none.
    private func receive(_ byteCount: Int, _ deadline: Deadline) throws(TransportError) -> Bool {
        if unread.count < byteCount { makeRoom(for: byteCount) }
        while unread.count < byteCount {
            let end = max(
                unread.lowerBound + byteCount, min(unread.upperBound + FrameReader.aheadByteCount, buffer.count))
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[unread.upperBound..<end])
            let count = try socket.receiveSome(into: target, until: deadline)
            if count == 0 {
                if unread.isEmpty { return false }
                throw TransportError("\(socket.peerText) ended the connection in the middle of a frame")
            }
            unread = unread.lowerBound..<(unread.upperBound + count)
        }
        return true
    }

    /// Moves what is unread to the front of a buffer that has room for so many bytes.
    private func makeRoom(for byteCount: Int) {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[unread])
        if byteCount > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
            larger.copyMemory(from: bytes)
            buffer.deallocate()
            buffer = larger
        } else if unread.lowerBound > 0 {
            buffer.copyMemory(from: bytes)
        }
        unread = 0..<bytes.count
    }
}

extension LinkSocket {
    /// Sends a small frame.
    public func send(_ frame: Frame) throws(TransportError) {
        try send(frame.bytes)
    }
}
