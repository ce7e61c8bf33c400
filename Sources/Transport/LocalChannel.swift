import Glibc

/// A connection with the peer on the same machine, over which descriptors go (SOCK_SEQPACKET and SCM_RIGHTS, unix(7)).
/// A message arrives whole or not at all.
///
/// Calls block; one thread at a time sends, one at a time receives. The descriptor is closed with the last reference,
/// and `shutdown` ends the connection at once, from any thread.
public final class LocalChannel: Sendable {
    let socket: OwnedDescriptor
    /// The process at the other end, as numbered here; 0 where its pid namespace cannot be seen.
    public let peerPid: Int32

    /// `socket` is connected and blocks. Throws unless the other end runs as this user.
    init(adopting socket: consuming OwnedDescriptor) throws(TransportError) {
        let peer = try PeerCredentials(of: socket.number)
        guard peer.user == geteuid() else {
            throw TransportError("the other end of the local socket runs as user \(peer.user), not as this one")
        }
        peerPid = peer.pid
        self.socket = socket
    }

    /// Connects to the peer's `LocalListener`.
    public static func connect(to name: String, timeoutNanoseconds: UInt64) throws(TransportError) -> LocalChannel {
        let address = try LocalName(name)
        let socket = try OwnedDescriptor(socket: AF_UNIX, SOCK_SEQPACKET)
        let number = socket.number
        // Only a full backlog makes connecting wait, for as long as sending may take (unix_stream_connect).
        try setSendTimeout(number, nanoseconds: max(timeoutNanoseconds, 1000))
        var code: Int32 = EINTR
        while code == EINTR { code = address.withPointer { Glibc.connect(number, $0, $1) } == 0 ? 0 : errno }
        if code == EAGAIN { throw .timedOut("cannot connect to the peer's local socket") }
        guard code == 0 else { throw .failed("cannot connect to the peer's local socket", code) }
        try setSendTimeout(number, nanoseconds: 0)
        return try LocalChannel(adopting: socket)
    }

    private static func setSendTimeout(_ number: Int32, nanoseconds: UInt64) throws(TransportError) {
        var time = timeval(tv_sec: Int(nanoseconds / 1_000_000_000), tv_usec: Int(nanoseconds % 1_000_000_000 / 1000))
        guard setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size)) == 0 else {
            throw .failed("cannot set a local socket's timeout", errno)
        }
    }

    /// For poll(2); it stays this object's.
    public var descriptor: Int32 { socket.number }

    /// Ends the connection in both directions, and wakes who is blocked in it.
    public func shutdown() {
        Glibc.shutdown(socket.number, Int32(SHUT_RDWR))
    }
}
