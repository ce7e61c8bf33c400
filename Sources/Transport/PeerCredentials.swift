import Glibc

/// Who is at the other end of a Unix socket: struct ucred (SO_PEERCRED, unix(7)), which glibc shows to GNU sources
/// only.
struct PeerCredentials {
    /// As numbered here; 0 where its pid namespace cannot be seen.
    let pid: Int32
    let user: UInt32

    init(of socket: Int32) throws(TransportError) {
        var credentials: (pid: Int32, user: UInt32, group: UInt32) = (0, .max, .max)
        var byteCount = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &byteCount) == 0 else {
            throw .failed("cannot tell who is at the other end of the local socket", errno)
        }
        pid = credentials.pid
        user = credentials.user
    }
}
