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

    /// Symbolic links may have led two volumes to one place, or one into another: each copy would undo the other.
    public static func checkDistinct(_ places: [VolumePlace]) throws(VolumeError) {
        for (index, place) in places.enumerated() {
            for other in places[..<index] {
                let (inner, outer) = (try isIn(other, place), try isIn(place, other))
                guard inner || outer else { continue }
                throw VolumeError(
                    "the volumes \(other.guestPath) and \(place.guestPath) would be in one another here: "
                        + "\(other.hostPath) and \(place.hostPath)")
            }
        }
    }

    /// Both sides on one machine: no place may be one of the primary's own volumes, lie in it, or have it within.
    public static func checkApart(
        _ places: [VolumePlace], from volumes: [(path: String, file: FileIdentity)], hasRoot: Bool
    ) throws(VolumeError) {
        for place in places {
            let (file, above) = (try identity(of: place.hostPath), try ancestors(place.hostPath))
            if volumes.contains(where: { above.contains($0.file) }) {
                let advice = hasRoot ? "use a --volume-root outside of it" : "start the mirror with --volume-root DIR"
                throw VolumeError(
                    "the volume \(place.guestPath) is the primary's own directory, on the same machine: \(advice)")
            }
            for volume in volumes {
                // In another mount namespace the path leads somewhere else, and what is above it is not known.
                guard (try? identity(of: volume.path)) == volume.file, try ancestors(volume.path).contains(file) else {
                    continue
                }
                throw VolumeError(
                    "the primary's own directory \(volume.path) lies in \(place.hostPath), the place for the volume "
                        + "\(place.guestPath), on the same machine: use another --volume-root")
            }
        }
    }

    /// Which directory a path is.
    public static func identity(of path: String) throws(VolumeError) -> FileIdentity {
        do {
            // Directories above need not be readable.
            let directory = try open(path, VolumeRoot.pathOnly | O_DIRECTORY)
            return FileIdentity(try FileAttributes.status(directory.descriptor))
        } catch {
            throw VolumeError("cannot open the directory \(path)", error)
        }
    }

    /// Whether a place is another one, or lies in it.
    private static func isIn(_ place: VolumePlace, _ other: VolumePlace) throws(VolumeError) -> Bool {
        try ancestors(place.hostPath).contains(try identity(of: other.hostPath))
    }

    /// A directory and those above it, up to the root.
    private static func ancestors(_ path: String) throws(VolumeError) -> [FileIdentity] {
        var identities: [FileIdentity] = []
        var path = path
        while true {
            let identity = try identity(of: path)
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
