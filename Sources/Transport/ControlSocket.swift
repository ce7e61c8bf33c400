import Glibc

/// The socket on which a process answers `understudy ctl`: one line in, an answer out.
public final class ControlSocket: Sendable {
    public let path: String
    private let socket: OwnedDescriptor

    private static let backlog: Int32 = 8
    private static let lineByteCountMax = 256
    private static let pauseMicroseconds: UInt32 = 100_000
    /// Whoever connects and says nothing holds up the next one for no longer.
    private static let patienceNanoseconds: UInt64 = 1_000_000_000

    public init() throws(TransportError) {
        let directory = try ControlPlace.makeDirectory()
        ControlPlace.removeStale(in: directory)
        let path = ControlPlace.path(of: getpid(), in: directory)
        // Under another name until it listens: others remove what refuses.
        let unready = path + ".new"
        unlink(unready)
        socket = try OwnedDescriptor(socket: AF_UNIX, SOCK_STREAM)
        let number = socket.number
        guard let result = ControlPlace.withAddress(of: unready, { bind(number, $0, $1) }) else {
            throw TransportError("the control socket's path \(unready) is too long")
        }
        guard result == 0, chmod(unready, 0o600) == 0, listen(number, ControlSocket.backlog) == 0,
            rename(unready, path) == 0
        else {
            let code = errno
            unlink(unready)
            throw .failed("no control socket at \(path)", code)
        }
        self.path = path
    }

    /// Answers for ever: `answer` gets a line without its end.
    public func serve(_ answer: (String) -> String) {
        while true {
            let number = asleep { accept(socket.number, nil, nil) }
            if number < 0 {
                // Out of descriptors or the like: the next try may be luckier.
                if errno != EINTR { asleep { _ = usleep(ControlSocket.pauseMicroseconds) } }
                continue
            }
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
            let connection = OwnedDescriptor(number)
            guard ControlSocket.isAllowed(number) else { continue }
            guard let line = ControlSocket.readLine(connection) else { continue }
            ControlSocket.writeAll(Array(answer(line).utf8), to: connection)
        }
    }

    /// The directory keeps others out already; it may be on a file system that does not.
    private static func isAllowed(_ connection: Int32) -> Bool {
        guard let peer = try? PeerCredentials(of: connection) else { return false }
        return peer.user == geteuid() || peer.user == 0
    }

    static func readLine(_ connection: borrowing OwnedDescriptor) -> String? {
        let deadline = Deadline(in: patienceNanoseconds)
        var bytes: [UInt8] = []
        while bytes.count < lineByteCountMax {
            guard (try? connection.wait(for: Int32(POLLIN), until: deadline)) == true else { return nil }
            var byte: UInt8 = 0
            guard recv(connection.number, &byte, 1, 0) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    /// An answer fits into the socket's buffer; one that does not is cut off rather than waited for.
    static func writeAll(_ bytes: [UInt8], to connection: borrowing OwnedDescriptor) {
        _ = send(connection.number, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
}
