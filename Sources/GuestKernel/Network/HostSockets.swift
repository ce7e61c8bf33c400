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
        // Asked before the call: once it is false, the host's socket listens.
        let isLate = listener.isBindingLate.load(ordering: .acquiring)
        let result = hostCall(
            __NR_accept4, UInt64(signed: listener.hostFD), UInt64(address: address), UInt64(address: length), hostFlags)
        // Between two names the host's socket does not listen, which it answers with EINVAL; the guest's does.
        return isLate && result == -Int(EINVAL) ? -Int(EAGAIN) : result
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
        describe(
            hostFD, statusFlags: O_RDWR | (isNonBlocking ? O_NONBLOCK : 0), record,
            identity: FileDescription.nextIdentity())
    }

    static func describe(
        _ hostFD: Int32, statusFlags: Int32, _ record: SocketRecord, identity: UInt64
    ) -> FileDescription {
        let file = FileDescription(
            kind: .socket, hostFD: hostFD, statusFlags: statusFlags, record: .socket(record), identity: identity)
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

    /// The same with the state that it is in, which a takeover has to know.
    static func recordWithState(of hostFD: Int32) -> SocketRecord {
        var record = record(of: hostFD)
        record.localAddress = name(__NR_getsockname, hostFD)
        record.peerAddress = name(__NR_getpeername, hostFD)
        if !record.peerAddress.isEmpty {
            record.state = .connected
        } else if isListening(hostFD) {
            record.state = .listening
            // What it was called with is not to be had; the kernel limits this to net.core.somaxconn.
            record.backlog = SOMAXCONN
        } else if SocketAddress.port(of: record.localAddress) ?? 0 > 0 {
            record.state = .bound
        } else {
            record.localAddress = []
        }
        return record
    }

    static func isListening(_ hostFD: Int32) -> Bool {
        integerOption(hostFD, SO_ACCEPTCONN) != 0
    }

    /// What the host calls a socket or its peer; empty where it has no answer.
    static func name(_ number: Int32, _ hostFD: Int32) -> [UInt8] {
        var length = UInt32(MessageScratch.addressByteCountMax)
        return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
            let result = hostCall(
                number, UInt64(signed: hostFD), UInt64(address: buffer.baseAddress), UInt64(address: &length))
            count = result < 0 ? 0 : min(Int(length), buffer.count)
        }
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
