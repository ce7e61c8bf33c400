import Glibc

extension Endpoint {
    /// The addresses that the host has, in the order in which they are to be tried (getaddrinfo(3)). Never empty.
    ///
    /// A name may be asked for over the network and take seconds; an address never does. What has to be fast keeps the
    /// resolved addresses.
    public func resolve() throws(TransportError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        var result = getaddrinfo(host, "\(port)", &hints, &list)
        while result == EAI_SYSTEM, errno == EINTR { result = getaddrinfo(host, "\(port)", &hints, &list) }
        let code = errno
        guard result == 0 else { throw resolutionError(result, code) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr {
                addresses.append(SocketAddress(copying: address, byteCount: entry.pointee.ai_addrlen))
            }
            next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw TransportError("\(host) has no address") }
        return addresses
    }

    /// Whether nobody outside this machine can reach what listens there: true only if all its addresses are loopback.
    public func isLoopback() throws(TransportError) -> Bool {
        try resolve().allSatisfy(\.isLoopback)
    }

    private func resolutionError(_ result: Int32, _ code: Int32) -> TransportError {
        if result == EAI_SYSTEM { return .failed("cannot look up \(host)", code) }
        let reason = gai_strerror(result).map { String(cString: $0).lowercased() } ?? "error \(result)"
        return TransportError("cannot look up \(host): \(reason)")
    }
}
