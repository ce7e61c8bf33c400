import CGuestEntry
import Glibc
import GuestMemory

extension OutputLedger {
    /// Writes what is not known to have gone out to where it was going: at a takeover, before any guest thread starts,
    /// and while this process still has the descriptors that it was started with under their own numbers.
    public mutating func emit() {
        var opened: [[UInt8]: Int32] = [:]
        var sockets: [UInt64: Int32] = [:]
        for entry in takeEntries() {
            switch entry.place {
            case .nowhere: break
            case .outside(let descriptor): OutputLedger.write(entry.record.bytes, to: descriptor)
            case .path(let path):
                let descriptor = opened[path] ?? OutputLedger.open(path)
                opened[path] = descriptor
                OutputLedger.write(entry.record.bytes, to: descriptor)
            case .socket(let domain, let type, let networkProtocol):
                let descriptor =
                    sockets[entry.stream]
                    ?? Int32(HostSockets.make(domain: domain, type: type, networkProtocol: networkProtocol))
                sockets[entry.stream] = descriptor
                OutputLedger.send(entry.record, on: descriptor)
            }
        }
        for descriptor in Array(opened.values) + Array(sockets.values) where descriptor >= 0 {
            hostCall(__NR_close, UInt64(signed: descriptor))
        }
    }

    private static func open(_ path: [UInt8]) -> Int32 {
        let flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        return (path + [0]).withUnsafeBytes { path in
            Int32(
                hostCall(
                    __NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path.baseAddress), UInt64(signed: flags)))
        }
    }

    /// All of it, however slow the reader; a reader that is gone has no use for it.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var done = 0
        while done < bytes.count, descriptor >= 0 {
            let written = bytes.withUnsafeBytes { bytes in
                hostCall(
                    __NR_write, UInt64(signed: descriptor), UInt64(address: bytes.baseAddress! + done),
                    UInt64(bytes.count - done))
            }
            if written > 0 {
                done += written
            } else if written == -Int(EAGAIN) {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                hostCall(__NR_poll, UInt64(address: &entry), 1, UInt64(UInt32.max))
            } else if written != -Int(EINTR) {
                return
            }
        }
    }

    /// A datagram may be lost anywhere; one whose connected socket is gone has nowhere to go.
    private static func send(_ record: OutputRecord, on descriptor: Int32) {
        guard descriptor >= 0, !record.address.isEmpty else { return }
        record.bytes.withUnsafeBytes { bytes in
            record.address.withUnsafeBytes { address in
                _ = hostCall(
                    __NR_sendto, UInt64(signed: descriptor), UInt64(address: bytes.baseAddress), UInt64(bytes.count),
                    SocketTransfer.hostFlags(record.flags), UInt64(address: address.baseAddress), UInt64(address.count))
            }
        }
    }
}
