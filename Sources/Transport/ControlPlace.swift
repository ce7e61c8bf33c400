import Glibc

/// Where a process of this user is reached by `understudy ctl`: `PID.sock` in a directory that is this user's alone.
public enum ControlPlace {
    private static let baseDirectories = ["/run", "/tmp"]

    /// What the user's session has for such files comes first; who asks may have another session than who answers.
    private static var directories: [String] {
        var bases = baseDirectories
        let session = "/run/user/\(geteuid())"
        bases.insert(session, at: 0)
        if let named = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }), named.hasPrefix("/"), named != session {
            bases.insert(named, at: 0)
        }
        return bases.map { "\($0)/understudy-\(geteuid())" }
    }

    /// The first directory that is there or can be made.
    static func makeDirectory() throws(TransportError) -> String {
        for directory in directories {
            mkdir(directory, 0o700)
            if isOwn(directory) { return directory }
        }
        throw TransportError("no directory for the control socket in \(directories.joined(separator: " or "))")
    }

    /// Every place where the process's socket may be.
    static func paths(of pid: Int32) -> [String] {
        directories.filter(isOwn).map { path(of: pid, in: $0) }
    }

    static func path(of pid: Int32, in directory: String) -> String { "\(directory)/\(pid).sock" }

    /// /tmp is everybody's: somebody else's directory, or one that others may write to, is not used.
    private static func isOwn(_ directory: String) -> Bool {
        var status = stat()
        guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
        return status.st_uid == geteuid() && status.st_mode & 0o077 == 0
    }

    /// Sockets that nobody listens on any more: of processes that were killed.
    static func removeStale(in directory: String) {
        guard let entries = opendir(directory) else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasSuffix(".sock") else { continue }
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
