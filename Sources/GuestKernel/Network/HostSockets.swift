import CGuestEntry
import Glibc
import GuestMemory

/// The one place where the guest's sockets are made, accepted and closed on the host, so that a
/// later network mode can give them a network of their own (architecture §4).
enum HostSockets {
    private static let hostFlags = UInt64(UInt32(bitPattern: O_NONBLOCK | O_CLOEXEC))

    /// A socket, or a negative errno.
    static func make(domain: Int32, type: Int32, networkProtocol: Int32) -> Int {
        hostCall(
            __NR_socket, UInt64(signed: domain), UInt64(UInt32(bitPattern: type)) | hostFlags,
            UInt64(signed: networkProtocol))
    }

    /// Two connected sockets, written to `ends`; 0 or a negative errno.
    static func makePair(
        domain: Int32, type: Int32, networkProtocol: Int32, _ ends: UnsafeMutablePointer<Int32>
    ) -> Int {
        hostCall(
            __NR_socketpair, UInt64(signed: domain), UInt64(UInt32(bitPattern: type)) | hostFlags,
            UInt64(signed: networkProtocol), UInt64(address: ends))
    }

    /// Takes a connection off a listener; the peer's address goes to the supervisor's memory.
    static func accept(
        _ listener: FileDescription, _ address: UnsafeMutableRawPointer, _ length: UnsafeMutablePointer<UInt32>
    ) -> Int {
        hostCall(
            __NR_accept4, UInt64(signed: listener.hostFD), UInt64(address: address), UInt64(address: length), hostFlags)
    }

    static func close(_ hostFD: Int32) {
        hostCall(__NR_close, UInt64(signed: hostFD))
    }

    /// Whether there is a peer (getpeername(2) says ENOTCONN without, and after a reset).
    static func isConnected(_ hostFD: Int32) -> Bool {
        var address: (UInt64, UInt64) = (0, 0)
        var length: UInt32 = 0
        return hostCall(
            __NR_getpeername, UInt64(signed: hostFD), UInt64(address: &address), UInt64(address: &length)) == 0
    }

    /// The description of a socket that was made or accepted here.
    static func describe(_ hostFD: Int32, isNonBlocking: Bool, _ record: SocketRecord) -> FileDescription {
        let file = FileDescription(
            kind: .socket, hostFD: hostFD, statusFlags: O_RDWR | (isNonBlocking ? O_NONBLOCK : 0),
            record: .socket(record))
        if record.receiveTimeoutNanoseconds != nil || record.sendTimeoutNanoseconds != nil {
            file.hasTimeouts.store(true, ordering: .relaxed)
        }
        return file
    }

    /// The record of a socket that somebody else made, as far as the host can tell.
    static func record(of hostFD: Int32) -> SocketRecord {
        SocketRecord(
            domain: integerOption(hostFD, SO_DOMAIN), type: integerOption(hostFD, SO_TYPE),
            networkProtocol: integerOption(hostFD, SO_PROTOCOL))
    }

    private static func integerOption(_ hostFD: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = 0
        var length: UInt32 = 4
        hostCall(
            __NR_getsockopt, UInt64(signed: hostFD), UInt64(SOL_SOCKET), UInt64(name), UInt64(address: &value),
            UInt64(address: &length))
        return value
    }
}
