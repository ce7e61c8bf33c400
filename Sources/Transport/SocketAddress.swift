import Glibc

/// An address of a socket: IPv4 or IPv6, with a port.
public struct SocketAddress: Equatable, Sendable, CustomStringConvertible {
    private var storage: sockaddr_storage
    private let byteCount: socklen_t

    init(copying address: UnsafePointer<sockaddr>, byteCount: socklen_t) {
        storage = sockaddr_storage()
        self.byteCount = min(byteCount, socklen_t(MemoryLayout<sockaddr_storage>.size))
        withUnsafeMutableBytes(of: &storage) { [count = Int(self.byteCount)] target in
            target.copyMemory(from: UnsafeRawBufferPointer(start: address, count: count))
        }
    }

    /// What getsockname(2) or getpeername(2) says of a socket.
    init(
        of descriptor: Int32, by call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws(TransportError) {
        var storage = sockaddr_storage()
        var byteCount = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &byteCount) }
        }
        guard result == 0 else { throw .failed("a socket has no address", errno) }
        self.storage = storage
        self.byteCount = byteCount
    }

    /// The same host with another port.
    public func with(port: UInt16) -> SocketAddress {
        var other = self
        // sin_port and sin6_port lie at the same place.
        withUnsafeMutableBytes(of: &other.storage) {
            $0.storeBytes(of: port.bigEndian, toByteOffset: SocketAddress.portOffset, as: UInt16.self)
        }
        return other
    }

    public var port: UInt16 {
        withUnsafeBytes(of: storage) {
            UInt16(bigEndian: $0.load(fromByteOffset: SocketAddress.portOffset, as: UInt16.self))
        }
    }

    /// 127.0.0.0/8, ::1, or an IPv4 loopback address written as IPv6.
    public var isLoopback: Bool {
        withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET:
                return bytes[SocketAddress.address4Offset] == 127
            case AF_INET6:
                let address = bytes[SocketAddress.address6Offset..<(SocketAddress.address6Offset + 16)]
                let head = address.prefix(12)
                let tail = address.dropFirst(12)
                if head.elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]) { return tail.first == 127 }
                return head.allSatisfy { $0 == 0 } && tail.elementsEqual([0, 0, 0, 1])
            default:
                return false
            }
        }
    }

    /// The address without its port, in digits: `127.0.0.1`, `::1`.
    public var host: String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = withPointer { getnameinfo($0, $1, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) }
        guard result == 0 else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    public var description: String {
        family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    var family: Int32 { Int32(storage.ss_family) }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, byteCount) }
        }
    }

    public static func == (one: SocketAddress, other: SocketAddress) -> Bool {
        guard one.byteCount == other.byteCount else { return false }
        return withUnsafeBytes(of: one.storage) { oneBytes in
            withUnsafeBytes(of: other.storage) { otherBytes in
                memcmp(oneBytes.baseAddress!, otherBytes.baseAddress!, Int(one.byteCount)) == 0
            }
        }
    }

    // netinet/in.h: struct sockaddr_in, struct sockaddr_in6.
    private static let portOffset = 2
    private static let address4Offset = 4
    private static let address6Offset = 8
}
