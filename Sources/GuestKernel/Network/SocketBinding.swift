import CGuestEntry
import Glibc
import GuestMemory

/// What makes a fresh socket what a record says: its name, whether it listens, a datagram socket's peer.
struct SocketBinding {
    let kernel: GuestKernel
    let socket: SocketRecord

    private static let familyByteCount = 2

    /// 0, or the negative errno of the call that failed.
    func apply(to hostFD: Int32) -> Int {
        if socket.state == .listening, isInternet { SocketOptions.allowReuse(hostFD) }
        if !socket.localAddress.isEmpty {
            let result = bind(hostFD)
            if result < 0 { return result }
        }
        if socket.state == .listening {
            let result = hostCall(__NR_listen, UInt64(signed: hostFD), UInt64(signed: socket.backlog))
            if result < 0 { return result }
        }
        // A peer that is gone is found out by the next send.
        if socket.state == .connected, let (peer, path) = hostAddress(socket.peerAddress) {
            _ = withExtendedLifetime(path) { call(__NR_connect, hostFD, peer) }
        }
        return 0
    }

    private var isInternet: Bool { socket.domain == AF_INET || socket.domain == AF_INET6 }

    private func bind(_ hostFD: Int32) -> Int {
        guard let (address, path) = hostAddress(socket.localAddress) else { return failed(ENOENT) }
        // An earlier try may have come as far as this; a name is given once.
        if isInternet, hasPort(hostFD) { return 0 }
        return withExtendedLifetime(path) { bind(hostFD, to: address) }
    }

    private func bind(_ hostFD: Int32, to address: [UInt8]) -> Int {
        var address = address
        let mode = removeStale(address)
        var result = call(__NR_bind, hostFD, address)
        if result == -Int(EADDRINUSE), socket.domain == AF_NETLINK, address.count >= 8 {
            // Another has the port id: the kernel chooses one.
            for index in 4..<8 { address[index] = 0 }
            result = call(__NR_bind, hostFD, address)
        }
        if result == 0, let mode { _ = withPath(address) { hostCall(__NR_chmod, $0, UInt64(mode)) } }
        return result
    }

    /// Whether it has the wanted port already.
    private func hasPort(_ hostFD: Int32) -> Bool {
        let wanted = SocketAddress.port(of: socket.localAddress) ?? 0
        return wanted > 0 && SocketAddress.port(of: HostSockets.name(__NR_getsockname, hostFD)) == wanted
    }

    private func call(_ number: Int32, _ hostFD: Int32, _ address: [UInt8]) -> Int {
        address.withUnsafeBytes { bytes in
            hostCall(number, UInt64(signed: hostFD), UInt64(address: bytes.baseAddress), UInt64(bytes.count))
        }
    }

    /// The guest's address with the host's path in the place of its own; nil where its directory is not here. The
    /// address may be of use only as long as the path is kept alive.
    private func hostAddress(_ address: [UInt8]) -> (address: [UInt8], path: ResolvedPath?)? {
        guard hasPath(address) else { return (address, nil) }
        let path = Array(address.dropFirst(SocketBinding.familyByteCount).prefix { $0 != 0 })
        let resolved = kernel.paths.resolveChecked(
            kernel, directory: UInt64(signed: AT_FDCWD), path: path, PathWalkOptions(followsLast: false, isName: true))
        guard case .success(let found) = resolved else { return nil }
        let host = found.socketPath(byteCountMax: SocketAddress.pathByteCountMax).bytes
        return (Array(address.prefix(SocketBinding.familyByteCount)) + host, found)
    }

    private func hasPath(_ address: [UInt8]) -> Bool {
        socket.domain == AF_UNIX && address.count > SocketBinding.familyByteCount
            && address[SocketBinding.familyByteCount] != 0
    }

    private func withPath(_ address: [UInt8], _ body: (UInt64) -> Int) -> Int {
        HostFile.withPath(Array(address.dropFirst(SocketBinding.familyByteCount).prefix { $0 != 0 }), body)
    }

    /// Removes the socket that the other side has left under the name; its permissions are those of the next.
    private func removeStale(_ address: [UInt8]) -> mode_t? {
        guard hasPath(address) else { return nil }
        var status = stat()
        let found = withUnsafeMutablePointer(to: &status) { status in
            withPath(address) { hostCall(__NR_lstat, $0, UInt64(address: status)) }
        }
        guard found == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        _ = withPath(address) { hostCall(__NR_unlink, $0) }
        return status.st_mode & 0o7777
    }

    // MARK: - While the name is not to be had

    /// An unbound TCP socket always polls as hung up: one that is to listen listens where nobody calls, until its own
    /// name is free. Best effort.
    func keepQuiet(_ hostFD: Int32) {
        guard isQuietened else { return }
        _ = call(__NR_bind, hostFD, DeadConnections.loopback(socket.domain))
        hostCall(__NR_listen, UInt64(signed: hostFD), 0)
    }

    /// Tries again on a socket that `apply` has failed on.
    func applyAgain(to hostFD: Int32) -> Int {
        guard isQuietened else { return apply(to: hostFD) }
        // On another socket first, so that nobody who polls this one sees it change for nothing.
        let made = HostSockets.make(
            domain: socket.domain, type: socket.type, networkProtocol: socket.networkProtocol)
        if made < 0 { return made }
        SocketOptions.apply(socket.options, to: Int32(made))
        let trial = apply(to: Int32(made))
        HostSockets.close(Int32(made))
        if trial < 0 { return trial }
        if HostSockets.isListening(hostFD) {
            // Unbinds it as well: the port was the kernel's choice.
            hostCall(__NR_shutdown, UInt64(signed: hostFD), UInt64(SHUT_RDWR))
        }
        let result = apply(to: hostFD)
        if result < 0 { keepQuiet(hostFD) }
        return result
    }

    private var isQuietened: Bool {
        isInternet && socket.type == SocketType.stream && socket.state == .listening
    }

    // MARK: - What the report says

    func complaint(_ errno: Int32) -> String {
        errno == EADDRINUSE ? "\(name) is taken; trying again" : "\(name) cannot be had (errno \(errno)); trying again"
    }

    var success: String { "\(name) is the guest's now" }

    private var name: String {
        if let port = SocketAddress.port(of: socket.localAddress) { return "port \(port)" }
        guard socket.domain == AF_UNIX else { return "the address of a socket" }
        let name = socket.localAddress.dropFirst(SocketBinding.familyByteCount)
        let text = String(decoding: name.drop { $0 == 0 }.prefix { $0 != 0 }, as: UTF8.self)
        return hasPath(socket.localAddress) ? "the socket \(text)" : "the socket @\(text)"
    }
}
