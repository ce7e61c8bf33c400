import Glibc

/// TCP on this machine.
enum Loopback {
    static func socket() throws(MeasurementError) -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw MeasurementError("no socket: \(errorText(errno))") }
        return descriptor
    }

    /// A port that nobody has at the moment.
    static func freePort() throws(MeasurementError) -> UInt16 {
        let descriptor = try socket()
        defer { close(descriptor) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = with(0) { bind(descriptor, $0, $1) } == 0
        let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) } == 0
        }
        guard isBound, isKnown else { throw MeasurementError("no free port: \(errorText(errno))") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Does `body` with the address of 127.0.0.1:`port`.
    static func with(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
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
}
