import CGuestEntry
import Glibc
import GuestMemory
import Volumes

/// Where a path of the guest's leads, as the host's kernel sees it: absolute and without links.
enum VolumePlaces {
    /// What a path names now; nil when there is nothing.
    static func existing(
        _ path: ResolvedPath, followsLast: Bool, resolution: UInt64 = 0
    ) -> (path: [UInt8], status: stat)? {
        var request = OpenCalls.Request(path: 0, flags: OpenCalls.pathOnly, mode: 0, resolution: resolution)
        if !followsLast { request.flags |= O_NOFOLLOW }
        let opened = OpenCalls.openOnce(path, request, resolution: resolution)
        guard opened >= 0 else { return nil }
        defer { hostCall(__NR_close, UInt64(opened)) }
        var status = stat()
        guard fstat(Int32(opened), &status) == 0, let link = HostFile.link(ofDescriptor: Int32(opened)) else {
            return nil
        }
        return (link, status)
    }

    /// Where a name is or would be: its directory's path and the name. Nil where there is no such directory.
    static func name(_ path: ResolvedPath) -> [UInt8]? {
        guard let (opened, name) = openParent(path) else { return nil }
        defer { hostCall(__NR_close, UInt64(opened)) }
        guard let link = HostFile.link(ofDescriptor: opened), link.first == UInt8(ascii: "/"),
            link.count + 1 + name.count < PathResolver.pathByteCountMax
        else { return nil }
        return (link.count == 1 ? [] : link) + [UInt8(ascii: "/")] + name
    }

    /// The device of the directory that a path's last name is in; nil where there is none.
    static func parentDevice(_ path: ResolvedPath) -> dev_t? {
        guard let (parent, _) = split(path) else { return nil }
        var status = stat()
        let result = withUnsafeMutablePointer(to: &status) { status in
            HostFile.withPath(parent) {
                hostCall(__NR_newfstatat, UInt64(signed: path.hostDirectory), $0, UInt64(address: status), 0)
            }
        }
        return result == 0 ? status.st_dev : nil
    }

    /// Takes away what has this name, where it is of this kind, the process's own, and has no other.
    static func removeOwn(_ place: [UInt8]?, kind: mode_t) {
        guard let place, let status = status(place), status.st_mode & S_IFMT == kind,
            status.st_uid == geteuid(), status.st_nlink == 1
        else { return }
        _ = HostFile.withPath(place) { hostCall(__NR_unlink, $0) }
    }

    /// A host descriptor of the directory that a path's last name is in, and that name.
    private static func openParent(_ path: ResolvedPath) -> (hostFD: Int32, name: [UInt8])? {
        guard let (parent, name) = split(path) else { return nil }
        let opened = HostFile.open(
            parent, flags: OpenCalls.pathOnly | O_DIRECTORY, at: path.hostDirectory)
        return opened < 0 ? nil : (Int32(opened), name)
    }

    /// A path's directory, for the host, and its last name.
    private static func split(_ path: ResolvedPath) -> (parent: [UInt8], name: [UInt8])? {
        var bytes = path.hostPath
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
        let name = Array(bytes[(slash.map { $0 + 1 } ?? 0)...])
        guard !name.isEmpty, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else { return nil }
        return (slash.map { Array(bytes[...$0]) } ?? Array(".".utf8), name)
    }

    /// Where an open that makes a file makes it: at the end of the links that the name is, when it is one.
    static func made(_ path: ResolvedPath, followsLast: Bool) -> [UInt8]? {
        guard var place = name(path) else { return nil }
        // MAXSYMLINKS (namei.h). The host has a word for more.
        for _ in 0..<40 {
            guard followsLast, let target = HostFile.link(place) else { return place }
            let above = target.first == UInt8(ascii: "/") ? [] : place[...(place.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
            let next = ResolvedPath(
                hostDirectory: AT_FDCWD, directory: nil, hostPath: above + target, guestPath: path.guestPath)
            guard let found = name(next) else { return nil }
            place = found
        }
        return nil
    }

    /// Whether a path leads to where the host has no words for the place: links of /proc/self/fd end at 4095 bytes.
    static func liesTooDeep(_ path: ResolvedPath) -> Bool {
        if path.hostPath.isEmpty { return false }
        let request = OpenCalls.Request(path: 0, flags: OpenCalls.pathOnly | O_NOFOLLOW, mode: 0)
        let itself = OpenCalls.openOnce(path, request, resolution: 0)
        if itself >= 0 {
            defer { hostCall(__NR_close, UInt64(itself)) }
            return HostFile.link(ofDescriptor: Int32(itself)) == nil
        }
        guard let (opened, name) = openParent(path) else { return false }
        defer { hostCall(__NR_close, UInt64(opened)) }
        guard let link = HostFile.link(ofDescriptor: opened) else { return true }
        return link.count + 1 + name.count >= PathResolver.pathByteCountMax
    }

    /// lstat(2) of an absolute path.
    static func status(_ path: [UInt8]) -> stat? {
        var status = stat()
        let result = withUnsafeMutablePointer(to: &status) { status in
            HostFile.withPath(path) { hostCall(__NR_lstat, $0, UInt64(address: status)) }
        }
        return result == 0 ? status : nil
    }
}
