import CGuestEntry
import Glibc
import GuestMemory

/// A directory of the host's on the way of a path.
final class HostDirectory: Sendable {
    /// Which one it is, for as long as somebody holds it open.
    struct Identity: Sendable, Hashable {
        var device: UInt64
        var inode: UInt64
    }

    let hostFD: Int32
    private let isOwn: Bool
    /// What holds the descriptor open otherwise.
    let file: FileDescription?

    /// Takes over an O_PATH descriptor.
    init(owning hostFD: Int32) {
        self.hostFD = hostFD
        isOwn = true
        file = nil
    }

    /// The directory behind a guest's descriptor.
    init(of file: FileDescription) {
        hostFD = file.hostFD
        isOwn = false
        self.file = file
    }

    /// The working directory: AT_FDCWD, whatever that is by then.
    init() {
        hostFD = AT_FDCWD
        isOwn = false
        file = nil
    }

    deinit {
        if isOwn { hostCall(__NR_close, UInt64(signed: hostFD)) }
    }

    static let openFlags: Int32 = OpenCalls.pathOnly | O_DIRECTORY | O_CLOEXEC

    /// Opens what a path of the host's leads to.
    static func open(_ path: [UInt8], at directory: Int32 = AT_FDCWD) -> Result<HostDirectory, CallError> {
        let opened = HostFile.open(path, flags: openFlags, at: directory)
        if opened < 0 { return .failure(CallError(errno: Int32(-opened))) }
        return .success(HostDirectory(owning: Int32(opened)))
    }

    /// Nil where it cannot be asked: for a descriptor of something that is gone.
    var identity: Identity? {
        var status = stat()
        let empty: StaticString = ""
        let emptyPath: UInt64 = 0x1000  // AT_EMPTY_PATH
        let result = withUnsafeMutablePointer(to: &status) { status in
            hostCall(
                __NR_newfstatat, UInt64(signed: hostFD), UInt64(address: empty.utf8Start), UInt64(address: status),
                emptyPath)
        }
        return result == 0 ? Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) : nil
    }
}
