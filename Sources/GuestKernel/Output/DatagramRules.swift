import CGuestEntry
import Glibc
import GuestMemory

/// What the kernel says at once to an Internet datagram that cannot be sent, and would say too late where the datagram
/// is only queued (udp_sendmsg in net/ipv4/udp.c, udpv6_sendmsg in net/ipv6/udp.c, ping and raw sockets alike).
enum DatagramRules {
    /// 65535 without the headers of IPv4 and UDP.
    private static let byteCountMax = 65507
    private static let addressByteCountV4 = 16
    /// Without the scope, as older programs give it (SIN6_LEN_RFC2133).
    private static let addressByteCountV6 = 24

    /// The errno, or nil where the datagram may be queued.
    static func refusal(
        of file: FileDescription, _ hold: HeldStream, to peer: UnsafeRawBufferPointer, byteCount: Int
    ) -> Int32? {
        if byteCount > byteCountMax { return EMSGSIZE }
        if peer.isEmpty { return HostSockets.isConnected(file.hostFD) ? nil : EDESTADDRREQ }
        guard peer.count >= 4 else { return EINVAL }
        let family = Int32(peer.loadUnaligned(as: UInt16.self))
        let isV6 = hold.domain == AF_INET6
        if family == AF_INET6, isV6 {
            guard peer.count >= addressByteCountV6 else { return EINVAL }
        } else {
            guard peer.count >= addressByteCountV4 else { return EINVAL }
            guard family == AF_INET || family == AF_UNSPEC else { return isV6 ? EINVAL : EAFNOSUPPORT }
        }
        let port = peer.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        return port == 0 && hold.hasPorts ? EINVAL : nil
    }
}
