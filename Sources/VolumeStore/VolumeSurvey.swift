import CGuestEntry
import Glibc
public import Volumes

/// Looks at all that is in a volume. No symbolic link is followed, and nothing is changed but for modes where `asOwner`
/// says so.
public struct VolumeSurvey {
    private let root: VolumeRoot
    private let volume: UInt16
    private let asOwner: Bool
    /// Receives each entry; a directory before what is in it.
    private let body: (VolumeEntry) throws -> Void

    /// Thrown by none but the caller's `body`, and `VolumeError`: what cannot be looked at is named.
    ///
    /// - Parameter asOwner: a mirror looks at its own copy whatever modes say. A directory that lets its owner not in
    ///   gets another mode, and its entry says that one: whoever compares it sees that there is something to set.
    public static func forEach(
        in places: [VolumePlace], asOwner: Bool, _ body: (VolumeEntry) throws -> Void
    ) throws {
        for (volume, place) in places.enumerated() {
            try withoutActuallyEscaping(body) { body in
                let survey = VolumeSurvey(
                    root: try VolumeRoot(place), volume: UInt16(volume), asOwner: asOwner, body: body)
                try survey.run()
            }
        }
    }

    private func run() throws {
        var waiting = [VolumePath(volume: volume, relative: [])]
        try body(try look(at: waiting[0]))
        while let directory = waiting.popLast() {
            for name in try names(in: directory) {
                let relative = directory.relative.isEmpty ? name : directory.relative + [UInt8(ascii: "/")] + name
                let entry = try look(at: VolumePath(volume: volume, relative: relative))
                try body(entry)
                if entry.isDirectory { waiting.append(entry.path) }
            }
        }
    }

    private func names(in directory: VolumePath) throws(VolumeError) -> [[UInt8]] {
        do throws(Errno) {
            let file = try root.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            guard let stream = fdopendir(file.release()) else { throw Errno(errno) }
            defer { closedir(stream) }
            var names: [[UInt8]] = []
            while true {
                errno = 0
                guard let entry = readdir(stream) else { break }
                let name = withUnsafePointer(to: &entry.pointee.d_name.0) { first in
                    first.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
                        Array(UnsafeBufferPointer(start: bytes, count: strnlen(first, 256)))
                    }
                }
                if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
                names.append(name)
            }
            guard errno == 0 else { throw Errno(errno) }
            return names
        } catch {
            throw VolumeError("cannot read the directory \(root.text(directory))", error)
        }
    }

    private func look(at path: VolumePath) throws(VolumeError) -> VolumeEntry {
        guard path.isWellFormed else { throw VolumeError("the path \(root.text(path)) is too long") }
        do throws(Errno) {
            let file = try root.file(path)
            if asOwner { try letIn(file) }
            let status = try FileAttributes.status(file.descriptor)
            return VolumeEntry(
                path: path, kind: try kind(of: file, status),
                file: VolumeEntry.File(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)),
                linkCount: UInt64(status.st_nlink),
                ownership: FileOperation.Ownership(status), times: FileOperation.Times(status),
                attributes: try attributes(path, file.descriptor))
        } catch {
            if error.code == E2BIG {
                throw VolumeError("\(root.text(path)) has more than 1 MiB of extended attributes, which is too much")
            }
            throw VolumeError("cannot look at \(root.text(path))", error)
        }
    }

    private func letIn(_ file: borrowing HostFile) throws(Errno) {
        let status = try FileAttributes.status(file.descriptor)
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o500 != 0o500 else { return }
        do throws(Errno) {
            // By a name in it: whether names can be looked up is asked for as well.
            let itself = HostPath(".".utf8)
            let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            _ = HostFile(try hostCall(__NR_openat, UInt64(signed: file.descriptor), itself.address, flags))
        } catch {
            guard error.code == EACCES else { throw error }
            try FileAttributes.setMode(file.descriptor, UInt32(status.st_mode) & 0o7777 | 0o700)
        }
    }

    private func kind(of file: borrowing HostFile, _ status: stat) throws(Errno) -> VolumeEntry.Kind {
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFREG: return .regular(byteCount: UInt64(status.st_size))
        case S_IFLNK:
            let empty = HostPath([])
            var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let descriptor = UInt64(signed: file.descriptor)
            let count = try target.withUnsafeMutableBufferPointer { target throws(Errno) in
                try hostCall(
                    __NR_readlinkat, descriptor, empty.address, UInt64(address: target.baseAddress),
                    UInt64(target.count))
            }
            return .symbolicLink(target: Array(target.prefix(count)))
        default: return .node(UInt32(status.st_mode & S_IFMT), device: UInt64(status.st_rdev))
        }
    }

    // MARK: - Extended attributes

    /// E2BIG where they are more than an entry may have, as the kernel says it of a list or value that it cannot give.
    private func attributes(_ path: VolumePath, _ descriptor: Int32) throws(Errno) -> [VolumeEntry.Attribute] {
        let name = try root.nameOrItself(path)
        let place = HostPath(Array("/proc/self/fd/\(name.parent.descriptor)/".utf8) + name.name.bytes)
        let address = place.address
        let list = try VolumeSurvey.value { buffer throws(Errno) in
            try hostCall(__NR_llistxattr, address, UInt64(address: buffer.baseAddress), UInt64(buffer.count))
        }
        var attributes: [VolumeEntry.Attribute] = []
        var byteCount = 0
        let names = list.split(separator: 0).map(Array.init).filter { !VolumeSurvey.isHostLabel($0) }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let hostName = HostPath(name)
            let nameAddress = hostName.address
            let read = { () throws(Errno) in
                try VolumeSurvey.value { buffer throws(Errno) in
                    try hostCall(
                        __NR_lgetxattr, address, nameAddress, UInt64(address: buffer.baseAddress), UInt64(buffer.count))
                }
            }
            let value = asOwner ? try FileAttributes.asOwner(descriptor, 0o400, read) : try read()
            byteCount += name.count + value.count
            guard byteCount <= VolumeSurvey.entryAttributesByteCountMax else { throw Errno(E2BIG) }
            attributes.append(VolumeEntry.Attribute(name: name, value: value))
        }
        return attributes
    }

    /// What a host's security modules keep at a file says something about that host, and often nobody may remove it
    /// (selinux_inode_removexattr in security/selinux/hooks.c).
    private static let hostLabels: Set<String> = [
        "security.selinux", "security.ima", "security.evm", "security.apparmor",
    ]
    /// Smack has several.
    private static let hostLabelPrefix = "security.SMACK64"

    private static func isHostLabel(_ name: [UInt8]) -> Bool {
        name.starts(with: hostLabelPrefix.utf8) || hostLabels.contains(String(decoding: name, as: UTF8.self))
    }

    /// An entry travels in one frame, which has 4 MiB at most, and others are before it.
    private static let entryAttributesByteCountMax = 1 << 20

    /// XATTR_SIZE_MAX and XATTR_LIST_MAX (linux/limits.h); most files have none, which needs no room.
    private static let attributeByteCountMax = 64 << 10

    private static func value(
        _ call: (UnsafeMutableRawBufferPointer) throws(Errno) -> Int
    ) throws(Errno) -> [UInt8] {
        do throws(Errno) {
            let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            if try call(none) == 0 { return [] }
        } catch {
            // A file system without any.
            if error.code == EOPNOTSUPP { return [] }
            throw error
        }
        var bytes = [UInt8](repeating: 0, count: attributeByteCountMax)
        let count = try bytes.withUnsafeMutableBufferPointer { bytes throws(Errno) in
            try call(UnsafeMutableRawBufferPointer(bytes))
        }
        return Array(bytes.prefix(count))
    }
}
