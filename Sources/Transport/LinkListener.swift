import Glibc
import Synchronization

/// A TCP port where others connect.
///
/// The descriptor is closed when the last reference goes, so that no thread ever uses a number that has become another
/// file's; `close` ends it for everybody at once.
public final class LinkListener: Sendable {
    private let socket: OwnedDescriptor
    /// With the port that it really has.
    public let address: SocketAddress
    private let closed = Atomic<Bool>(false)

    private static let backlog: Int32 = 128

    /// Listens on the first of the endpoint's addresses that can be had.
    public convenience init(on endpoint: Endpoint) throws(TransportError) {
        var failure = TransportError("\(endpoint.host) has no address")
        for address in try endpoint.resolve() {
            do throws(TransportError) {
                try self.init(on: address)
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }

    public init(on wanted: SocketAddress) throws(TransportError) {
        // Not blocking: a connection that poll(2) has reported may be gone when it is accepted.
        socket = try OwnedDescriptor(socket: wanted.family, SOCK_STREAM, flags: SOCK_NONBLOCK)
        try socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
        let number = socket.number
        guard wanted.withPointer({ bind(number, $0, $1) }) == 0, listen(number, LinkListener.backlog) == 0 else {
            throw .failed("cannot listen on \(wanted)", errno)
        }
        address = try SocketAddress(of: number, by: getsockname)
    }

    public var port: UInt16 { address.port }
    /// For poll(2); it stays this object's.
    public var descriptor: Int32 { socket.number }

    /// The next connection. Blocks until there is one, or until `close`, which makes it throw.
    public func accept() throws(TransportError) -> LinkSocket {
        guard let socket = try accept(timeoutNanoseconds: nil) else {
            preconditionFailure("a wait without a deadline ends with a connection or an error")
        }
        return socket
    }

    /// The next connection, or nil when none has come in time.
    public func accept(timeoutNanoseconds: UInt64?) throws(TransportError) -> LinkSocket? {
        let deadline = Deadline(in: timeoutNanoseconds)
        while true {
            let result = HostSystemCall.call(
                HostSystemCall.accept4, Int(socket.number), 0, 0, Int(SOCK_CLOEXEC.rawValue))
            if result >= 0 {
                // A connection that broke in the meantime has no address: the next one.
                if let accepted = try? LinkSocket(adopting: OwnedDescriptor(Int32(result))) { return accepted }
                continue
            }
            let code = Int32(-result)
            if code == EAGAIN {
                guard try socket.wait(for: Int32(POLLIN), until: deadline) else { return nil }
            } else if !LinkListener.isAboutOneConnection(code) {
                throw .failed("cannot accept a connection on \(address)", code)
            }
        }
    }

    /// Ends it: connecting is refused from now on, and who waits in `accept` gets an error.
    public func close() {
        closed.store(true, ordering: .releasing)
        shutdown(socket.number, Int32(SHUT_RDWR))
    }

    public var isClosed: Bool { closed.load(ordering: .acquiring) }

    /// Errors of a connection that is pending, not of the listener (accept(2), "Error handling").
    private static func isAboutOneConnection(_ code: Int32) -> Bool {
        [
            EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
            ENETUNREACH, EPERM,
        ].contains(code)
    }
}
