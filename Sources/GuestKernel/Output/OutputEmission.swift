import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Writes out what the mirror's ledger holds, at a takeover: after the guest's objects were rebuilt, and before any of
/// its threads starts.
struct OutputEmission {
    /// Where a stream's bytes go now.
    private struct Outlet {
        var hostFD: Int32
        /// Made for the emission, and closed behind it.
        var isOwn: Bool
        /// What a reader that does not read has left; it is written by a thread of its own.
        var rest: [UInt8] = []
    }

    /// How long a reader may not read before the guest goes on without it.
    private static let patienceMilliseconds: Int32 = 1000

    private let kernel: GuestKernel
    /// The rebuilt descriptions, by the identities that the streams have as numbers.
    private let files: [UInt64: FileDescription]
    private var outlets: [UInt64: Outlet] = [:]

    init(_ kernel: GuestKernel) {
        self.kernel = kernel
        files = Dictionary(
            kernel.files.snapshot().map { ($0.file.identity, $0.file) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func emit(_ entry: OutputLedger.Entry) {
        var outlet = outlets[entry.stream] ?? open(entry)
        if entry.record.isDatagram {
            OutputEmission.send(entry.record, on: outlet.hostFD)
        } else if let (file, offset) = sameFile(entry, outlet.hostFD) {
            file.complete(entry.record.bytes, at: offset)
        } else if outlet.rest.isEmpty {
            let done = OutputEmission.write(
                entry.record.bytes, to: outlet.hostFD, patienceMilliseconds: OutputEmission.patienceMilliseconds)
            outlet.rest = Array(entry.record.bytes.dropFirst(done))
        } else {
            outlet.rest += entry.record.bytes
        }
        outlets[entry.stream] = outlet
    }

    /// Leaves what is stuck to threads, and closes the rest.
    consuming func finish() {
        for outlet in outlets.values where outlet.hostFD >= 0 {
            if !outlet.rest.isEmpty { writeBehind(outlet) }
            if outlet.isOwn { hostCall(__NR_close, UInt64(signed: outlet.hostFD)) }
        }
    }

    // MARK: - Where to

    /// The file that the primary was writing to, where this machine has it, and where in it the record belongs.
    private func sameFile(_ entry: OutputLedger.Entry, _ hostFD: Int32) -> (SameFile, offset: Int64)? {
        guard kernel.configuration.sharesMachineWithPrimary, let origin = entry.fileOrigin,
            case .outsideFile(_, let device, let inode) = entry.place,
            let file = SameFile(hostFD, device: device, inode: inode)
        else { return nil }
        return (file, origin + Int64(entry.record.position))
    }

    private func open(_ entry: OutputLedger.Entry) -> Outlet {
        if let file = files[entry.stream], file.kind != .lost { return Outlet(hostFD: file.hostFD, isOwn: false) }
        switch entry.place {
        case .nowhere: return Outlet(hostFD: -1, isOwn: false)
        case .outside(let descriptor), .outsideFile(let descriptor, _, _):
            return Outlet(hostFD: openOutside(descriptor), isOwn: true)
        case .path(let path):
            let flags = O_WRONLY | O_NOCTTY | O_NONBLOCK
            return Outlet(hostFD: Int32(clamping: HostFile.open(path, flags: flags)), isOwn: true)
        case .socket(let domain, let type, let networkProtocol):
            // The guest has closed its own since.
            let made = HostSockets.make(domain: domain, type: type, networkProtocol: networkProtocol)
            return Outlet(hostFD: Int32(clamping: made), isOwn: true)
        }
    }

    /// The guest has closed it since, but this process still has it under its own number.
    private func openOutside(_ descriptor: Int32) -> Int32 {
        guard kernel.configuration.outsideDescriptors.contains(descriptor) else { return -1 }
        guard let file = OutsideFile.adopt(descriptor) else { return -1 }
        // The description closes its own.
        return Int32(clamping: hostCall(__NR_fcntl, UInt64(signed: file.hostFD), UInt64(F_DUPFD_CLOEXEC), 3))
    }

    // MARK: - Writing

    /// How many bytes were dealt with: all, unless the reader did not read for so long. A reader that is gone has no
    /// use for any.
    static func write(_ bytes: [UInt8], to hostFD: Int32, patienceMilliseconds: Int32) -> Int {
        guard hostFD >= 0 else { return bytes.count }
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { bytes in
                hostCall(
                    __NR_write, UInt64(signed: hostFD), UInt64(address: bytes.baseAddress! + done),
                    UInt64(bytes.count - done))
            }
            if written > 0 { done += written }
            if written > 0 || written == -Int(EINTR) { continue }
            guard written == -Int(EAGAIN) else { return bytes.count }
            var entry = pollfd(fd: hostFD, events: Int16(POLLOUT), revents: 0)
            let ready = retryingInterrupts {
                hostWait(__NR_poll, UInt64(address: &entry), 1, UInt64(signed: patienceMilliseconds))
            }
            if ready == 0 { return done }
        }
        return done
    }

    /// One datagram; it may be lost here as anywhere. One whose connected socket is gone has nowhere to go.
    private static func send(_ record: OutputRecord, on hostFD: Int32) {
        guard hostFD >= 0 else { return }
        let flags = SocketTransfer.hostFlags(record.flags)
        record.bytes.withUnsafeBytes { bytes in
            record.address.withUnsafeBytes { address in
                _ = retryingInterrupts {
                    hostCall(
                        __NR_sendto, UInt64(signed: hostFD), UInt64(address: bytes.baseAddress), UInt64(bytes.count),
                        flags, address.isEmpty ? 0 : UInt64(address: address.baseAddress), UInt64(address.count))
                }
            }
        }
    }

    /// The guest goes on, and what it writes to this reader may come before the rest of what it wrote earlier.
    private func writeBehind(_ outlet: Outlet) {
        let duplicate = hostCall(__NR_fcntl, UInt64(signed: outlet.hostFD), UInt64(F_DUPFD_CLOEXEC), 3)
        let (hostFD, rest, remainder) = (Int32(clamping: duplicate), outlet.rest, kernel.unemitted)
        kernel.configuration.report("a reader of the guest's output does not read: \(rest.count) bytes wait for it")
        remainder.begin()
        let result = HostThread.start(mask: HostSignals.helperMask) {
            _ = OutputEmission.write(rest, to: hostFD, patienceMilliseconds: -1)
            hostCall(__NR_close, UInt64(signed: hostFD))
            remainder.end()
        }
        if result != 0 { remainder.end() }
    }
}

/// What a takeover could not write out at once, and is being written behind the guest's back.
public final class UnemittedOutput: Sendable {
    private let count = Atomic<UInt32>(0)

    init() {}

    func begin() {
        count.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }

    func end() {
        count.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(count)
    }

    /// Sleeps until all of it is out. For the guest's end: this process must not end before.
    public func wait() {
        while true {
            let left = count.load(ordering: .sequentiallyConsistent)
            if left == 0 { return }
            HostFutex.wait(count, while: left)
        }
    }
}
