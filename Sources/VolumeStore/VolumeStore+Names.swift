import CGuestEntry
import Glibc
import Volumes

/// Names come and go. A new file belongs to this process and nobody else may use it until it has its owner and mode.
extension VolumeStore {
    func applyToNames(_ operation: FileOperation) throws(Errno) {
        switch operation {
        case .createFile(let path, let ownership):
            let name = try changing(path)
            let flags = UInt64(O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC)
            let file = HostFile(try hostCall(__NR_openat, name.directory, name.name.address, flags, 0o600))
            try set(ownership, file.descriptor)
        case .makeDirectory(let path, let ownership):
            let name = try changing(path)
            try hostCall(__NR_mkdirat, name.directory, name.name.address, 0o700)
            let made = try root(path).file(path)
            try set(ownership, made.descriptor)
        case .makeSymbolicLink(let path, let target, let ownership):
            let name = try changing(path)
            let target = HostPath(target)
            try hostCall(__NR_symlinkat, target.address, name.directory, name.name.address)
            let link = try root(path).file(path)
            try setOwner(link.descriptor, user: ownership.user, group: ownership.group)
        case .makeNode(let path, let kind, let device, let ownership):
            let name = try changing(path)
            try hostCall(__NR_mknodat, name.directory, name.name.address, UInt64(kind | 0o600), device)
            let made = try root(path).file(path)
            try set(ownership, made.descriptor)
        case .link(let target, let path): try link(target, path)
        case .rename(let from, let to, let flags):
            let old = try changing(from)
            let new = try changing(to)
            try hostCall(
                __NR_renameat2, old.directory, old.name.address, new.directory, new.name.address, UInt64(flags))
        case .removeFile(let path):
            let name = try changing(path)
            try hostCall(__NR_unlinkat, name.directory, name.name.address, 0)
        case .removeDirectory(let path):
            let name = try changing(path)
            try hostCall(__NR_unlinkat, name.directory, name.name.address, UInt64(AT_REMOVEDIR))
        default: preconditionFailure("not about names: \(operation)")
        }
    }

    private func changing(_ path: VolumePath) throws(Errno) -> VolumeRoot.Name {
        changed.insert(path.volume)
        return try root(path).name(path)
    }

    private func link(_ target: FileOperation.Target, _ path: VolumePath) throws(Errno) {
        let name = try changing(path)
        switch target {
        case .path(let path):
            let old = try root(path).name(path)
            try hostCall(
                __NR_linkat, old.directory, old.name.address, name.directory, name.name.address, 0)
        case .handle(let handle):
            // AT_EMPTY_PATH would need a capability (linkat(2)).
            let old = HostPath(descriptor: try descriptor(handle))
            try hostCall(
                __NR_linkat, UInt64(signed: AT_FDCWD), old.address, name.directory, name.name.address,
                UInt64(AT_SYMLINK_FOLLOW))
        }
    }

    /// The owner first: a change of it takes away the set-user-ID bit (chown(2)).
    func set(_ ownership: FileOperation.Ownership, _ descriptor: Int32) throws(Errno) {
        try setOwner(descriptor, user: ownership.user, group: ownership.group)
        try FileAttributes.setMode(descriptor, ownership.mode)
    }

    // MARK: - Open files

    func open(_ handle: FileOperation.Handle, _ path: VolumePath) throws(Errno) {
        let file = try root(path).file(path)
        let status = try FileAttributes.status(file.descriptor)
        handles[handle] = try FileContents.reopen(file.descriptor, status).release()
    }

    func openNameless(
        _ handle: FileOperation.Handle, _ volume: UInt16, _ ownership: FileOperation.Ownership, mayBeLinked: Bool
    ) throws(Errno) {
        changed.insert(volume)
        let directory = roots[Int(volume)].directory.descriptor
        let path = HostPath(".".utf8)
        let flags = UInt64(VolumeStore.namelessFlags | O_RDWR | O_CLOEXEC | (mayBeLinked ? 0 : O_EXCL))
        let file = HostFile(try hostCall(__NR_openat, UInt64(signed: directory), path.address, flags, 0o600))
        try set(ownership, file.descriptor)
        handles[handle] = file.release()
    }

    /// O_TMPFILE, asm-generic/fcntl.h; Glibc does not show it to Swift.
    private static let namelessFlags: Int32 = 0o20000000 | O_DIRECTORY

    func descriptor(_ handle: FileOperation.Handle) throws(Errno) -> Int32 {
        guard let descriptor = handles[handle] else { throw Errno(EBADF) }
        return descriptor
    }
}
