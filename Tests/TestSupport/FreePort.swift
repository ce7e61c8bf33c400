import Glibc
import Synchronization

/// Ports of 127.0.0.1.
public enum FreePort {
    private static let range: Range<UInt16> = 12_000..<32_000
    /// Tests run side by side: a port that one was given is given to no other, not even while it is only tried.
    private static let next = Atomic<UInt32>(UInt32.random(in: 0..<UInt32(range.count)))

    /// One that nobody is bound to at the moment, below those that the kernel gives to connecting sockets.
    public static func any() throws -> UInt16 {
        for _ in 0..<200 {
            let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
            let port = range.lowerBound + UInt16(turn % UInt32(range.count))
            if isFree(port) { return port }
        }
        throw TestFailure("no free port found on 127.0.0.1")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withLoopbackAddress(port) { bind(descriptor, $0, $1) == 0 }
    }
}

/// Calls `body` with the socket address 127.0.0.1:port.
func withLoopbackAddress<Result>(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
