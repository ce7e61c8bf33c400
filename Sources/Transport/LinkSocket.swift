import Glibc

/// A TCP connection. Calls block the calling thread; one thread at a time sends, one at a time receives.
///
/// The descriptor is closed when the last reference goes, so that no thread ever uses a number that has become another
/// file's; `shutdown` and `close` end the connection at once, from any thread, and wake who is blocked in it.
public final class LinkSocket: Sendable {
    let socket: OwnedDescriptor
    public let localAddress: SocketAddress
    public let peerAddress: SocketAddress

    /// `socket` is connected and blocks. Throws ECONNREFUSED when it is connected with itself.
    init(adopting socket: consuming OwnedDescriptor) throws(TransportError) {
        localAddress = try SocketAddress(of: socket.number, by: getsockname)
        peerAddress = try SocketAddress(of: socket.number, by: getpeername)
        // A port of the range that connecting sockets get theirs from may be given to the very socket that connects to
        // it when nobody listens there; TCP then connects it with itself (RFC 9293, simultaneous open).
        guard localAddress != peerAddress else { throw .failed("cannot connect to \(peerAddress)", ECONNREFUSED) }
        // An ack must not wait for more to send.
        try socket.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        self.socket = socket
    }

    /// For poll(2); it stays this object's.
    public var descriptor: Int32 { socket.number }
    public var localText: String { "\(localAddress)" }
    public var peerText: String { "\(peerAddress)" }

    /// Ends the connection in both directions: the peer reads the end of the file, and threads that are blocked here
    /// return, readers with the end of the file, writers with EPIPE.
    public func shutdown() {
        Glibc.shutdown(socket.number, Int32(SHUT_RDWR))
    }

    /// As `shutdown`: the descriptor itself goes with the last reference.
    public func close() {
        shutdown()
    }

    /// Whether receiving would not wait: there are bytes, or there will be no more.
    public var hasInput: Bool { isReady(for: Int16(POLLIN)) }

    /// Whether a few bytes can be sent without waiting for the peer.
    public var hasRoom: Bool { isReady(for: Int16(POLLOUT)) }

    private func isReady(for events: Int16) -> Bool {
        var poll = pollfd(fd: socket.number, events: events, revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }

    /// Whether a peer whose machine has gone without a word is found out within some 90 seconds where nothing is on its
    /// way to it: the connection fails then (tcp(7)).
    public func watchPeersMachine(_ isOn: Bool) throws(TransportError) {
        if isOn {
            try socket.setOption(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 30)
            try socket.setOption(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10)
            try socket.setOption(Int32(IPPROTO_TCP), TCP_KEEPCNT, 6)
        }
        try socket.setOption(SOL_SOCKET, SO_KEEPALIVE, isOn ? 1 : 0)
    }

    /// Waits until the peer has closed its side, whatever it had sent before; false when the time is over.
    public func waitUntilPeerCloses(timeoutNanoseconds: UInt64) -> Bool {
        let peerHasClosed: Int16 = 0x2000  // POLLRDHUP, asm-generic/poll.h
        var poll = pollfd(fd: socket.number, events: peerHasClosed, revents: 0)
        let milliseconds = Int32(clamping: timeoutNanoseconds / 1_000_000)
        return Glibc.poll(&poll, 1, milliseconds) > 0
    }
}
