import Glibc

/// Where a process of this user is reached by `understudy ctl`: `PID.sock` in a directory that is this user's alone.
public enum ControlPlace {
    private static let baseDirectories = ["/run", "/tmp"]

    /// What the user's session has for such files comes first; who asks may have another session than who answers.
    private static func directories(of user: uid_t) -> [String] {
        let session = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
        return directories(of: user, session: session)
    }

    static func directories(of user: uid_t, session: String?) -> [String] {
        var bases = ["/run/user/\(user)"] + baseDirectories
        if let session, session.hasPrefix("/"), session != bases[0] { bases.insert(session, at: 0) }
        return bases.map { "\($0)/understudy-\(user)" }
    }

    /// The first directory that is there or can be made.
    static func makeDirectory() throws(TransportError) -> String {
        let user = geteuid()
        let directories = directories(of: user)
        for directory in directories where withAddress(of: path(of: .max, in: directory) + ".new", { _, _ in }) != nil {
            mkdir(directory, 0o700)
            if isOwn(directory, of: user) { return directory }
        }
        throw TransportError("none of \(directories.joined(separator: ", ")) can be made, or is this user's alone")
    }

    /// Every place where the socket of a user's process may be.
    static func paths(of pid: Int32, user: uid_t) -> [String] {
        directories(of: user).filter { isOwn($0, of: user) }.map { path(of: pid, in: $0) }
    }

    static func path(of pid: Int32, in directory: String) -> String { "\(directory)/\(pid).sock" }

    /// /tmp is everybody's: somebody else's directory, or one that others may write to, is not used.
    static func isOwn(_ directory: String, of user: uid_t) -> Bool {
        var status = stat()
        guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
        return status.st_uid == user && status.st_mode & 0o077 == 0
    }

    /// The process that a file in such a directory belongs to; nil for what is not ours.
    static func owner(of name: String) -> Int32? {
        guard let dot = name.firstIndex(of: "."), ["sock", "sock.new"].contains(name[name.index(after: dot)...]) else {
            return nil
        }
        return Int32(name[..<dot]).flatMap { $0 > 0 ? $0 : nil }
    }

    /// Sockets that nobody listens on any more: of processes that were killed. One whose number lives is left alone,
    /// as it may just be about to listen.
    static func removeStale(in directory: String) {
        guard let entries = opendir(directory) else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = owner(of: name), kill(pid, 0) != 0, errno == ESRCH else { continue }
            let path = "\(directory)/\(name)"
            guard let socket = try? OwnedDescriptor(socket: AF_UNIX, SOCK_STREAM) else { return }
            if connect(socket, to: path) == ECONNREFUSED { unlink(path) }
        }
    }

    /// 0, or connect(2)'s errno.
    static func connect(_ socket: borrowing OwnedDescriptor, to path: String) -> Int32 {
        withAddress(of: path) { Glibc.connect(socket.number, $0, $1) == 0 ? 0 : errno } ?? ENAMETOOLONG
    }

    /// Nil where the path is too long for a socket (unix(7)).
    static func withAddress<Result>(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
