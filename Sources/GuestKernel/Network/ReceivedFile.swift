import CGuestEntry
import Glibc
import GuestMemory

/// A host descriptor that arrived through a Unix socket.
enum ReceivedFile {
    /// Makes it the guest's: the description that the guest sent, or a new one by what it is.
    static func adopt(_ hostFD: Int32, _ kernel: GuestKernel) -> FileDescription {
        if let known = kernel.network.inFlight.take(hostFD) { return known }
        var status = stat()
        fstat(hostFD, &status)
        let hostFlags = BlockingMark.hostFlags(hostFD)
        let fileKind = OpenCalls.kind(of: status, hostFD)
        switch fileKind {
        case .socket: return socket(hostFD, hostFlags)
        case .pipe, .terminal: return shared(hostFD, fileKind, hostFlags)
        case .regular, .directory:
            let path = self.path(of: hostFD)
            let volume = kernel.volumes?.adopt(hostFD, statusFlags: hostFlags)
            let identity = FileIdentity(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
                path: String(decoding: path, as: UTF8.self), volumeHandle: volume?.handle ?? 0)
            let file = FileDescription(
                kind: fileKind, hostFD: hostFD, statusFlags: hostFlags,
                record: .file(FileRecord(path: path, flags: hostFlags, identity: identity)))
            file.volume = volume
            return file
        default:
            return anonymous(hostFD, fileKind, hostFlags)
        }
    }

    private static func socket(_ hostFD: Int32, _ hostFlags: Int32) -> FileDescription {
        // One that blocks on the host is a stranger's, whose flags are not to be changed.
        let isOurs = hostFlags & O_NONBLOCK != 0
        return FileDescription(
            kind: .socket, hostFD: hostFD, statusFlags: BlockingMark.guestFlags(hostFlags),
            record: isOurs ? .socket(HostSockets.recordWithState(of: hostFD)) : stranger)
    }

    /// A pipe or terminal: as those from outside, opened anew when it blocks on the host.
    private static func shared(_ hostFD: Int32, _ kind: FileDescription.Kind, _ hostFlags: Int32) -> FileDescription {
        let flags = BlockingMark.guestFlags(hostFlags)
        if hostFlags & O_NONBLOCK == 0, let own = OutsideFile.reopened(hostFD, kind, hostFlags) {
            hostCall(__NR_close, UInt64(signed: hostFD))
            return FileDescription(kind: kind, hostFD: own, statusFlags: flags, record: stranger)
        }
        return FileDescription(kind: kind, hostFD: hostFD, statusFlags: flags, record: stranger)
    }

    /// An eventfd or timerfd waits; what else has no inode of its own does not.
    private static func anonymous(
        _ hostFD: Int32, _ kind: FileDescription.Kind, _ hostFlags: Int32
    ) -> FileDescription {
        let name = String(decoding: path(of: hostFD), as: UTF8.self)
        var actual = kind
        if name == "anon_inode:[eventfd]" { actual = .event }
        if name == "anon_inode:[timerfd]" { actual = .timer }
        return FileDescription(
            kind: actual, hostFD: hostFD, statusFlags: BlockingMark.guestFlags(hostFlags), record: stranger)
    }

    /// Nothing that could be made again elsewhere.
    private static let stranger = ObjectRecord.outside(OutsideRecord(descriptor: -1))

    private static func path(of hostFD: Int32) -> [UInt8] {
        var link = Array("/proc/self/fd/\(hostFD)".utf8) + [0]
        return [UInt8](unsafeUninitializedCapacity: PathResolver.pathByteCountMax) { buffer, count in
            let length = hostCall(
                __NR_readlink, UInt64(address: &link), UInt64(address: buffer.baseAddress), UInt64(buffer.count))
            count = max(length, 0)
        }
    }
}
