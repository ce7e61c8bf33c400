import CGuestEntry
import Glibc
public import Volumes

/// The directories in which a mirror keeps the guest's volumes.
public enum VolumeDirectories {
    /// Finds them, and makes those that are not there: at their own paths, or below `root`, where no symbolic link may
    /// lead somewhere else.
    public static func make(_ guestPaths: [String], below root: String?) throws(VolumeError) -> [VolumePlace] {
        var places: [VolumePlace] = []
        for guestPath in guestPaths {
            let wanted = (root ?? "") + guestPath
            do {
                let start = try open(root ?? "/", O_DIRECTORY)
                let directory = try descend(start, guestPath, followsLinks: root == nil)
                places.append(VolumePlace(guestPath: guestPath, hostPath: try path(of: directory.descriptor)))
            } catch {
                throw VolumeError("cannot make the directory \(wanted) for the volume \(guestPath)", error)
            }
        }
        return places
    }

    /// Both sides on one machine: no place may be the primary's own volume, or lie in it.
    public static func checkApart(
        _ places: [VolumePlace], from volumes: [FileIdentity], hasRoot: Bool
    ) throws(VolumeError) {
        for place in places {
            let isInside: Bool
            do {
                isInside = try ancestors(place.hostPath).contains { volumes.contains($0) }
            } catch {
                throw VolumeError("cannot look at \(place.hostPath)", error)
            }
            if isInside {
                let advice = hasRoot ? "use a --volume-root outside of it" : "start the mirror with --volume-root DIR"
                throw VolumeError(
                    "the volume \(place.guestPath) is the primary's own directory, on the same machine: \(advice)")
            }
        }
    }

    /// Which directory a path is.
    public static func identity(of path: String) throws(VolumeError) -> FileIdentity {
        do {
            let directory = try open(path, O_DIRECTORY)
            return FileIdentity(try FileAttributes.status(directory.descriptor))
        } catch {
            throw VolumeError("cannot open the volume \(path)", error)
        }
    }

    /// A directory and those above it, up to the root.
    private static func ancestors(_ path: String) throws(Errno) -> [FileIdentity] {
        var identities: [FileIdentity] = []
        var path = path
        while true {
            let directory = try open(path, O_DIRECTORY)
            let identity = FileIdentity(try FileAttributes.status(directory.descriptor))
            if identities.last == identity { return identities }
            identities.append(identity)
            path += "/.."
        }
    }

    private static func descend(
        _ start: consuming HostFile, _ path: String, followsLinks: Bool
    ) throws(Errno) -> HostFile {
        var directory = start
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followsLinks ? 0 : O_NOFOLLOW))
        for component in path.utf8.split(separator: UInt8(ascii: "/")) {
            let name = HostPath(component)
            let parent = UInt64(signed: directory.descriptor)
            do throws(Errno) {
                try hostCall(__NR_mkdirat, parent, name.address, 0o755)
            } catch {
                guard error.code == EEXIST else { throw error }
            }
            directory = HostFile(try hostCall(__NR_openat, parent, name.address, flags))
        }
        return directory
    }

    private static func open(_ path: String, _ flags: Int32) throws(Errno) -> HostFile {
        let path = HostPath(path.utf8)
        return HostFile(
            try hostCall(__NR_openat, UInt64(signed: AT_FDCWD), path.address, UInt64(flags | O_CLOEXEC)))
    }

    private static func path(of descriptor: Int32) throws(Errno) -> String {
        let link = HostPath(descriptor: descriptor)
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = try path.withUnsafeMutableBufferPointer { path throws(Errno) in
            try hostCall(
                __NR_readlinkat, UInt64(signed: AT_FDCWD), link.address, UInt64(address: path.baseAddress),
                UInt64(path.count))
        }
        return String(decoding: path.prefix(count), as: UTF8.self)
    }
}

extension FileIdentity {
    init(_ status: stat) {
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
