import CGuestEntry
import Glibc
import GuestMemory

/// Makes sockets that are connections no more: a read is ECONNRESET once and then the end of file, a write EPIPE,
/// and poll says all of it. Each was a connection, which its other end has reset.
struct DeadConnections: ~Copyable {
    private static let patienceMilliseconds: UInt64 = 100
    /// Somebody else may call the port that is open for a moment.
    private static let strangersMax = 8

    /// Listens on the loopback address for TCP's; -1 before the first is made.
    private var listenerFD: Int32 = -1
    private var listenerAddress: [UInt8] = []

    deinit {
        if listenerFD >= 0 { HostSockets.close(listenerFD) }
    }

    /// A host descriptor, or a negative errno.
    mutating func make(_ socket: SocketRecord) -> Int {
        socket.domain == AF_UNIX ? makeLocal(type: socket.type) : makeInternet(domain: socket.domain)
    }

    /// A Unix socket whose peer closes with bytes unread is reset (unix_release_sock in net/unix/af_unix.c).
    private func makeLocal(type: Int32) -> Int {
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) { ends in
            HostSockets.makePair(
                domain: AF_UNIX, type: type, networkProtocol: 0,
                ends.assumingMemoryBound(to: Int32.self).baseAddress!)
        }
        if made < 0 { return made }
        var byte: UInt8 = 0
        hostCall(__NR_write, UInt64(signed: ends.0), UInt64(address: &byte), 1)
        HostSockets.close(ends.1)
        return Int(ends.0)
    }

    /// A TCP connection whose other end is closed without lingering gets a reset. Where there is no loopback interface,
    /// it is only shut: the end of file comes without the error.
    private mutating func makeInternet(domain: Int32) -> Int {
        let made = HostSockets.make(domain: domain, type: SocketType.stream, networkProtocol: 0)
        if made < 0 { return made }
        let hostFD = Int32(made)
        if !connectAndReset(hostFD, domain) { hostCall(__NR_shutdown, UInt64(signed: hostFD), UInt64(SHUT_RDWR)) }
        return made
    }

    private mutating func connectAndReset(_ hostFD: Int32, _ domain: Int32) -> Bool {
        guard listen() else { return false }
        var address = listenerAddress
        if domain == AF_INET6 {
            // An IPv4 listener serves both: ::ffff:127.0.0.1.
            var zero: Int32 = 0
            hostCall(
                __NR_setsockopt, UInt64(signed: hostFD), UInt64(IPPROTO_IPV6), UInt64(IPV6_V6ONLY),
                UInt64(address: &zero), 4)
            address = DeadConnections.mapped(listenerAddress)
        }
        let connected = address.withUnsafeBytes { bytes in
            hostCall(__NR_connect, UInt64(signed: hostFD), UInt64(address: bytes.baseAddress), UInt64(bytes.count))
        }
        guard connected == 0 || connected == -Int(EINPROGRESS) else { return false }
        for _ in 0..<DeadConnections.strangersMax {
            guard waitForEvent(listenerFD, POLLIN) else { return false }
            let peer = hostCall(__NR_accept4, UInt64(signed: listenerFD), 0, 0, UInt64(O_CLOEXEC))
            if peer < 0 { return false }
            var reset = linger(l_onoff: 1, l_linger: 0)
            hostCall(
                __NR_setsockopt, UInt64(peer), UInt64(SOL_SOCKET), UInt64(SO_LINGER), UInt64(address: &reset), 8)
            HostSockets.close(Int32(peer))
            if waitForEvent(hostFD, POLLIN) { return true }
        }
        return false
    }

    private func waitForEvent(_ hostFD: Int32, _ event: Int32) -> Bool {
        var entry = pollfd(fd: hostFD, events: Int16(event), revents: 0)
        return hostCall(__NR_poll, UInt64(address: &entry), 1, DeadConnections.patienceMilliseconds) > 0
    }

    private mutating func listen() -> Bool {
        if listenerFD >= 0 { return true }
        let made = HostSockets.make(domain: AF_INET, type: SocketType.stream, networkProtocol: 0)
        guard made >= 0 else { return false }
        let address = DeadConnections.loopback(AF_INET)
        let bound = address.withUnsafeBytes { bytes in
            hostCall(__NR_bind, UInt64(made), UInt64(address: bytes.baseAddress), UInt64(bytes.count))
        }
        guard bound == 0, hostCall(__NR_listen, UInt64(made), UInt64(DeadConnections.strangersMax)) == 0 else {
            HostSockets.close(Int32(made))
            return false
        }
        listenerFD = Int32(made)
        listenerAddress = HostSockets.name(__NR_getsockname, listenerFD)
        return listenerAddress.count >= 8
    }

    // MARK: - Addresses

    /// The loopback address of a domain, with a port for the kernel to choose.
    static func loopback(_ domain: Int32) -> [UInt8] {
        if domain == AF_INET { return [UInt8(AF_INET), 0, 0, 0, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8) }
        return [UInt8(AF_INET6)] + [UInt8](repeating: 0, count: 22) + [1] + [UInt8](repeating: 0, count: 4)
    }

    /// struct sockaddr_in6 for a struct sockaddr_in.
    private static func mapped(_ address: [UInt8]) -> [UInt8] {
        [UInt8(AF_INET6), 0] + address[2..<4] + [UInt8](repeating: 0, count: 4)
            + [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + address[4..<8] + [0, 0, 0, 0]
    }
}
