import Glibc

/// A TCP port of 127.0.0.1 that a test listens on itself.
public final class ListeningSocket: @unchecked Sendable {
    // Sound: the descriptor never changes until the last user is gone, and the kernel serialises calls on it.
    let descriptor: Int32
    public let port: UInt16

    /// Listens on the port; throws ``ConnectionBroken`` where it is taken.
    public init(port: UInt16) throws {
        self.port = port
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("no socket: \(String(cString: strerror(errno)))") }
        // Connections of an earlier owner may linger in TIME_WAIT.
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        let bound = withLoopbackAddress(port) { bind(descriptor, $0, $1) }
        // From here on deinit closes it, also where this throws.
        guard bound == 0, listen(descriptor, 64) == 0 else { throw ConnectionBroken.now("bind to port \(port)") }
    }

    /// On a free port.
    public convenience init() throws {
        try self.init(port: FreePort.any())
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Waits for a connection; -1 once ``stop()`` was called.
    func accept() -> Int32 {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 || errno != EINTR { return connection }
        }
    }

    /// Refuses further connections, and wakes who waits for one.
    public func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
