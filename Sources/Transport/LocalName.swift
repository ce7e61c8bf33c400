import Glibc

/// The address of an abstract Unix socket: a zero byte, then the name, as long as the address says (unix(7)).
struct LocalName {
    private var storage = sockaddr_un()
    private let byteCount: socklen_t

    /// The name comes from the peer's handshake.
    init(_ name: String) throws(TransportError) {
        let bytes = Array(name.utf8)
        let most = MemoryLayout.size(ofValue: storage.sun_path) - 1
        guard !bytes.isEmpty, bytes.count <= most, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw TransportError("the name of the peer's local socket makes no sense")
        }
        storage.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &storage.sun_path) { path in
            UnsafeMutableRawBufferPointer(rebasing: path.dropFirst()).copyBytes(from: bytes)
        }
        byteCount = socklen_t(MemoryLayout<sa_family_t>.size + 1 + bytes.count)
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, byteCount) }
        }
    }
}
