import Glibc

/// A TCP connection to 127.0.0.1 that says whatever a test wants. Blocks its thread; for one thread at a time.
public final class RawConnection {
    private let descriptor: Int32

    /// Connects; throws ``ConnectionBroken`` if nobody listens.
    public init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("no socket: \(String(cString: strerror(errno)))") }
        let connected = withLoopbackAddress(port) { connect(descriptor, $0, $1) }
        // From here on deinit closes it, also where this throws.
        guard connected == 0 else { throw ConnectionBroken.now("connect to port \(port)") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Sends all bytes; throws ``ConnectionBroken`` if the other end does not take them.
    public func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ConnectionBroken.now("send") }
            sent += count
        }
    }

    /// Ends this side's half of the connection.
    public func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Closes the connection by a reset rather than in order.
    public func reset() {
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// How listening to the other end came to an end.
    public enum End: Equatable, Sendable {
        /// The other end closed the connection, in order or by a reset.
        case closed
        /// Nothing more came in the time given.
        case silence
    }

    /// All bytes that come until the other end closes, or until nothing has come for so long.
    public func receiveAll(silenceMilliseconds: Int32) -> (bytes: [UInt8], end: End) {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, silenceMilliseconds)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return (bytes, .silence) }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return (bytes, .closed) }
            bytes += chunk[..<count]
        }
    }

    /// A line without its end; throws ``ConnectionBroken`` if the other end closes, or says nothing for so long.
    public func receiveLine(silenceMilliseconds: Int32 = 10_000) throws -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.last != UInt8(ascii: "\n") {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, silenceMilliseconds)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw ConnectionBroken("receive: nothing for \(silenceMilliseconds) ms") }
            // One at a time: what comes after the line stays where it is.
            let count = recv(descriptor, &byte, 1, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ConnectionBroken.now("receive") }
            guard count > 0 else { throw ConnectionBroken("receive: closed") }
            line.append(byte)
        }
        line.removeLast(line.dropLast().last == UInt8(ascii: "\r") ? 2 : 1)
        return String(decoding: line, as: UTF8.self)
    }
}
