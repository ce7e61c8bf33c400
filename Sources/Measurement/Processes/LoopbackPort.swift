import Glibc

/// Ports of 127.0.0.1.
enum LoopbackPort {
    static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// One that nobody has at the moment.
    static func free() throws(MeasurementError) -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw MeasurementError("no socket: \(errorText(errno))") }
        defer { close(descriptor) }
        var address = address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let problem = withUnsafeMutableBytes(of: &address) { bytes in
            let place = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return bind(descriptor, place, length) == 0 && getsockname(descriptor, place, &length) == 0 ? 0 : errno
        }
        guard problem == 0 else { throw MeasurementError("no free port: \(errorText(problem))") }
        return UInt16(bigEndian: address.sin_port)
    }
}
