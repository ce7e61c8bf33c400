import Glibc

extension LinkSocket {
    /// Connects to the first of the endpoint's addresses that answers, within the timeout in all.
    ///
    /// The error's errno is ECONNREFUSED only when every address refused, and ETIMEDOUT when one was silent.
    public static func connect(
        to endpoint: Endpoint, timeoutNanoseconds: UInt64
    ) throws(TransportError) -> LinkSocket {
        try connect(toFirstOf: endpoint.resolve(), timeoutNanoseconds: timeoutNanoseconds)
    }

    /// As above, with addresses that are known already. A silent address leaves the others their share of the time.
    public static func connect(
        toFirstOf addresses: [SocketAddress], timeoutNanoseconds: UInt64
    ) throws(TransportError) -> LinkSocket {
        let deadline = Deadline(in: timeoutNanoseconds)
        var failure = TransportError("there is no address to connect to")
        for (index, address) in addresses.enumerated() {
            let share = (deadline.remainingNanoseconds ?? 0) / UInt64(addresses.count - index)
            do throws(TransportError) {
                return try connect(to: address, until: Deadline(in: share))
            } catch {
                // A refusal says least: somebody else may be there, at the address that was silent.
                if index == 0 || failure.errno == ECONNREFUSED { failure = error }
            }
        }
        throw failure
    }

    private static func connect(
        to address: SocketAddress, until deadline: Deadline
    ) throws(TransportError) -> LinkSocket {
        guard address.port != 0 else { throw TransportError("cannot connect to \(address): port 0 is nobody's") }
        let descriptor = try OwnedDescriptor(socket: address.family, SOCK_STREAM, flags: SOCK_NONBLOCK)
        let number = descriptor.number
        var code = address.withPointer { Glibc.connect(number, $0, $1) } == 0 ? 0 : errno
        // An interrupted connect goes on by itself (connect(2)).
        if code == EINPROGRESS || code == EINTR {
            guard try descriptor.wait(for: Int32(POLLOUT), until: deadline) else {
                throw .timedOut("cannot connect to \(address)")
            }
            var byteCount = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &byteCount) == 0 else {
                throw .failed("cannot connect to \(address)", errno)
            }
        }
        guard code == 0 else { throw .failed("cannot connect to \(address)", code) }
        try descriptor.setBlocking()
        return try LinkSocket(adopting: descriptor)
    }
}
