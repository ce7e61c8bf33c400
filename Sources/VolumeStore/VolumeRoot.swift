import CGuestEntry
import Glibc
import Volumes

/// A volume's directory. Whatever path it is asked for, nothing outside of it is reached: the kernel itself looks names
/// up beneath the directory and without symbolic links (openat2(2)), and the last name is used from there.
final class VolumeRoot: Sendable {
    let place: VolumePlace
    let directory: HostFile

    /// The directory that a name is in, and the name.
    struct Name: ~Copyable {
        let parent: HostFile
        let name: HostPath

        var directory: UInt64 { UInt64(signed: parent.descriptor) }
    }

    /// O_PATH, asm-generic/fcntl.h; Glibc does not show it to Swift.
    static let pathOnly: Int32 = 0o10000000
    // linux/openat2.h; Glibc does not show it to Swift.
    private static let resolveNoMagicLinks: UInt64 = 0x02
    private static let resolveNoSymbolicLinks: UInt64 = 0x04
    private static let resolveBeneath: UInt64 = 0x08
    /// A lookup that races with a rename may have to be made again.
    private static let attemptsMax = 16

    init(_ place: VolumePlace) throws(VolumeError) {
        self.place = place
        do {
            let path = HostPath(place.hostPath.utf8)
            let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            directory = HostFile(try hostCall(__NR_openat, UInt64(signed: AT_FDCWD), path.address, flags))
        } catch {
            throw VolumeError("cannot open the volume \(place.hostPath)", error)
        }
    }

    /// Throws EBUSY, as the kernel would, for the volume's directory itself: it cannot be made or removed.
    func name(_ path: VolumePath) throws(Errno) -> Name {
        guard !path.relative.isEmpty else { throw Errno(EBUSY) }
        return try nameOrItself(path)
    }

    /// As `name`; the volume's directory itself is the name "." in it.
    func nameOrItself(_ path: VolumePath) throws(Errno) -> Name {
        let slash = path.relative.lastIndex(of: UInt8(ascii: "/"))
        let parent = slash.map { path.relative[..<$0] } ?? []
        let name = slash.map { path.relative[($0 + 1)...] } ?? path.relative[...]
        return Name(
            parent: try open(parent, VolumeRoot.pathOnly | O_DIRECTORY),
            name: HostPath(name.isEmpty ? [UInt8(ascii: ".")] : name))
    }

    /// The file itself, a symbolic link included, for what needs no content (O_PATH of open(2)).
    func file(_ path: VolumePath) throws(Errno) -> HostFile {
        try open(path.relative[...], VolumeRoot.pathOnly | O_NOFOLLOW)
    }

    /// The volume's directory, also where its mode does not let it be looked up.
    func itself() throws(Errno) -> HostFile {
        HostFile(try hostCall(__NR_fcntl, UInt64(signed: directory.descriptor), UInt64(F_DUPFD_CLOEXEC)))
    }

    /// A file that may be opened without something happening: its caller knows what it is.
    func open(_ path: VolumePath, _ flags: Int32) throws(Errno) -> HostFile {
        try open(path.relative[...], flags)
    }

    private func open(_ relative: ArraySlice<UInt8>, _ flags: Int32) throws(Errno) -> HostFile {
        let path = HostPath(relative.isEmpty ? [UInt8(ascii: ".")] : relative)
        // struct open_how: flags, mode, resolve.
        let resolve =
            VolumeRoot.resolveBeneath | VolumeRoot.resolveNoSymbolicLinks | VolumeRoot.resolveNoMagicLinks
        var how = (UInt64(flags | O_CLOEXEC), UInt64(0), resolve)
        var attempts = 0
        while true {
            do throws(Errno) {
                let descriptor = try withUnsafeMutableBytes(of: &how) { how throws(Errno) in
                    try hostCall(
                        __NR_openat2, UInt64(signed: directory.descriptor), path.address,
                        UInt64(address: how.baseAddress), UInt64(how.count))
                }
                return HostFile(descriptor)
            } catch {
                attempts += 1
                guard error.code == EAGAIN, attempts < VolumeRoot.attemptsMax else { throw error }
            }
        }
    }

    /// As people know it.
    func text(_ path: VolumePath) -> String {
        if path.relative.isEmpty { return place.hostPath }
        return "\(place.hostPath)/\(String(decoding: path.relative, as: UTF8.self))"
    }
}
