import CGuestEntry
import Glibc
import Volumes

/// What is done to one file: its contents, and what is known about it.
extension VolumeStore {
    func applyToContents(_ operation: FileOperation) throws(Errno) {
        guard let target = operation.target else { preconditionFailure("not about a file: \(operation)") }
        switch target {
        case .handle(let handle):
            // Its volume may be any: a file knows only its file system.
            changed.formUnion(roots.indices.map { UInt16($0) })
            try change(try descriptor(handle), operation)
        case .path(let path):
            changed.insert(path.volume)
            let file = try root(path).file(path)
            let opened = try FileContents.reopen(file.descriptor, try FileAttributes.status(file.descriptor))
            try change(opened.descriptor, operation)
        }
    }

    private func change(_ descriptor: Int32, _ operation: FileOperation) throws(Errno) {
        switch operation {
        case .write(_, let offset, let bytes):
            try bytes.withUnsafeBufferPointer { bytes throws(Errno) in
                try FileContents.write(descriptor, UnsafeRawBufferPointer(bytes), at: offset)
            }
        case .truncate(_, let byteCount): try FileContents.truncate(descriptor, byteCount)
        case .allocate(_, let mode, let offset, let byteCount):
            try FileContents.allocate(descriptor, mode: mode, offset: offset, byteCount: byteCount)
        case .setFlags(_, let flags):
            try unlessUnprivileged("what chattr sets for files") { () throws(Errno) in
                try FileAttributes.setFlags(descriptor, flags)
            }
        default: preconditionFailure("not about contents: \(operation)")
        }
    }

    func applyToAttributes(_ operation: FileOperation) throws(Errno) {
        guard let target = operation.target else { preconditionFailure("not about a file: \(operation)") }
        switch target {
        case .handle(let handle):
            changed.formUnion(roots.indices.map { UInt16($0) })
            let descriptor = try descriptor(handle)
            try setAttributes(descriptor, operation, HostPath(descriptor: descriptor), follows: true)
        case .path(let path):
            changed.insert(path.volume)
            let root = root(path)
            let file = try root.file(path)
            let name = try root.nameOrItself(path)
            // By way of the directory: a symbolic link's own attributes have no other name.
            let named = HostPath(Array("/proc/self/fd/\(name.parent.descriptor)/".utf8) + name.name.bytes)
            try setAttributes(file.descriptor, operation, named, follows: false)
        }
    }

    private func setAttributes(
        _ descriptor: Int32, _ operation: FileOperation, _ path: borrowing HostPath, follows: Bool
    ) throws(Errno) {
        switch operation {
        case .setMode(_, let mode): try FileAttributes.setMode(descriptor, mode)
        case .setOwner(_, let user, let group): try setOwner(descriptor, user: user, group: group)
        case .setTimes(_, let times): try FileAttributes.setTimes(descriptor, times)
        case .setAttribute(_, let name, let value):
            let path = HostPath(path.bytes)
            try unlessUnprivileged("what only root may set for files") { () throws(Errno) in
                try FileAttributes.asOwner(descriptor, 0o600) { () throws(Errno) in
                    try FileAttributes.setAttribute(path, follows: follows, name, value)
                }
            }
        case .removeAttribute(_, let name):
            do throws(Errno) {
                let path = HostPath(path.bytes)
                try FileAttributes.asOwner(descriptor, 0o600) { () throws(Errno) in
                    try FileAttributes.removeAttribute(path, follows: follows, name)
                }
            } catch {
                let isList = name.starts(with: "system.posix_acl_".utf8)
                // Whether a new file has inherited a list is not known to who says that it is to have none.
                if isList, error.code == ENODATA || error.code == EOPNOTSUPP { return }
                // What could not be set is not there to be removed.
                guard error.code == ENODATA, unprivilegedCount > 0 else { throw error }
            }
        default: preconditionFailure("not about attributes: \(operation)")
        }
    }
}
