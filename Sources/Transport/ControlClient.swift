import Glibc

/// Asks a running process of this user, as `understudy ctl` does.
public enum ControlClient {
    private static let patienceNanoseconds: UInt64 = 10_000_000_000

    /// The process's answer to one line.
    public static func ask(_ pid: Int32, _ line: String) throws(TransportError) -> String {
        var status = stat()
        guard stat("/proc/\(pid)", &status) == 0 else { throw TransportError("there is no process \(pid)") }
        for path in ControlPlace.paths(of: pid, user: status.st_uid) {
            let socket = try OwnedDescriptor(socket: AF_UNIX, SOCK_STREAM)
            if ControlPlace.connect(socket, to: path) != 0 { continue }
            // A number may have been given anew, in another pid namespace, say.
            guard let peer = try? PeerCredentials(of: socket.number), peer.pid == pid else { continue }
            ControlSocket.writeAll(Array("\(line)\n".utf8), to: socket)
            return try readAll(socket, pid)
        }
        throw TransportError(whyNot(pid, user: status.st_uid))
    }

    private static func readAll(_ socket: borrowing OwnedDescriptor, _ pid: Int32) throws(TransportError) -> String {
        let deadline = Deadline(in: patienceNanoseconds)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            guard try socket.wait(for: Int32(POLLIN), until: deadline) else {
                throw TransportError("process \(pid) does not answer; is it stopped?")
            }
            let count = recv(socket.number, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .failed("the answer of process \(pid) cannot be read", errno) }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        guard !bytes.isEmpty else { throw TransportError("process \(pid) ended before it answered") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The likeliest reason, in words.
    private static func whyNot(_ pid: Int32, user: uid_t) -> String {
        if geteuid() != 0, user != geteuid() { return "process \(pid) belongs to another user" }
        guard isUnderstudy(pid) else { return "process \(pid) is no understudy; --pid wants that of run" }
        if words(of: pid).dropFirst().first == "mirror" {
            return "process \(pid) is a mirror; --pid wants that of its primary, the one with run"
        }
        return "process \(pid) has no mirror and is no --blackhole, or has a control socket elsewhere (XDG_RUNTIME_DIR)"
    }

    /// Whether it runs the same file as this process.
    private static func isUnderstudy(_ pid: Int32) -> Bool {
        var (own, other) = (stat(), stat())
        guard stat("/proc/self/exe", &own) == 0, stat("/proc/\(pid)/exe", &other) == 0 else { return false }
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    private static func words(of pid: Int32) -> [Substring] {
        guard let text = try? ProcFile.read("/proc/\(pid)/cmdline") else { return [] }
        return text.split(separator: "\0", omittingEmptySubsequences: false)
    }
}
