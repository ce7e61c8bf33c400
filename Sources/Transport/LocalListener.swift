import Glibc

/// Where the peer on the same machine connects to hand descriptors over: an abstract Unix socket with a random name,
/// which goes in the handshake (unix(7)). It is not a file, so nothing has to be removed.
public final class LocalListener: Sendable {
    private let socket: OwnedDescriptor
    /// Without the zero byte that an abstract name begins with.
    public let name: String

    private static let backlog: Int32 = 8

    public init() throws(TransportError) {
        let random = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }
        name = "understudy-" + random.joined(separator: "-")
        socket = try OwnedDescriptor(socket: AF_UNIX, SOCK_SEQPACKET, flags: SOCK_NONBLOCK)
        let number = socket.number
        let address = try LocalName(name)
        guard address.withPointer({ bind(number, $0, $1) }) == 0, listen(number, LocalListener.backlog) == 0 else {
            throw .failed("cannot listen for the peer on this machine", errno)
        }
    }

    /// For poll(2); it stays this object's.
    public var descriptor: Int32 { socket.number }

    /// The next connection of a process of this user; others are turned away. Nil when none has come in time; `close`
    /// makes it throw. Without a timeout it waits for ever.
    public func accept(timeoutNanoseconds: UInt64? = nil) throws(TransportError) -> LocalChannel? {
        let deadline = Deadline(in: timeoutNanoseconds)
        while true {
            let result = HostSystemCall.call(
                HostSystemCall.accept4, Int(socket.number), 0, 0, Int(SOCK_CLOEXEC.rawValue))
            if result >= 0 {
                if let channel = try? LocalChannel(adopting: OwnedDescriptor(Int32(result))) { return channel }
                continue
            }
            let code = Int32(-result)
            if code == EAGAIN {
                guard try socket.wait(for: Int32(POLLIN), until: deadline) else { return nil }
            } else if code != EINTR, code != ECONNABORTED {
                throw .failed("cannot accept the peer on this machine", code)
            }
        }
    }

    /// Ends it: connecting is refused from now on, and who waits in `accept` gets an error.
    public func close() {
        shutdown(socket.number, Int32(SHUT_RDWR))
    }
}
