import Glibc

/// Asks a running process of this user, as `understudy ctl` does.
public enum ControlClient {
    private static let patienceNanoseconds: UInt64 = 10_000_000_000

    /// The process's answer to one line.
    public static func ask(_ pid: Int32, _ line: String) throws(TransportError) -> String {
        for path in ControlPlace.paths(of: pid) {
            let socket = try OwnedDescriptor(socket: AF_UNIX, SOCK_STREAM)
            if ControlPlace.connect(socket, to: path) != 0 { continue }
            // A number may have been given anew, in another pid namespace, say.
            guard let peer = PeerCredentials(of: socket.number), peer.pid == pid else { continue }
            ControlSocket.writeAll(Array("\(line)\n".utf8), to: socket)
            return try readAll(socket, pid)
        }
        throw TransportError(whyNot(pid))
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
    private static func whyNot(_ pid: Int32) -> String {
        var status = stat()
        guard stat("/proc/\(pid)", &status) == 0 else { return "there is no process \(pid)" }
        if status.st_uid != geteuid() { return "process \(pid) belongs to another user" }
        return "process \(pid) is no understudy run with --mirror or --blackhole"
    }
}
