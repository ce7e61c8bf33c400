import Glibc

/// A connection to a redis server (RESP2). Blocks its thread; for one thread at a time.
public final class RespClient {
    private let descriptor: Int32
    /// What was received, and how much of it was taken.
    private var buffer: [UInt8] = []
    private var taken = 0

    /// Connects; throws ``ConnectionBroken`` if nobody listens. Nothing that works takes as long as the timeout.
    public init(port: UInt16, timeoutSeconds: Int = 60) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("no socket: \(String(cString: strerror(errno)))") }
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let connected = withLoopbackAddress(port) { connect(descriptor, $0, $1) }
        // From here on deinit closes it, also where this throws.
        guard connected == 0 else { throw ConnectionBroken.now("connect to port \(port)") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Sends a command and waits for its reply.
    public func call(_ words: String...) throws -> RespValue {
        try send([words.map { Array($0.utf8) }])
        return try receive()
    }

    /// Sends a command and throws unless the reply is the expected one.
    public func expect(_ expected: RespValue, _ words: String...) throws {
        try send([words.map { Array($0.utf8) }])
        let reply = try receive()
        if reply != expected { throw TestFailure("\(words.joined(separator: " ")): \(reply), not \(expected)") }
    }

    /// Sends all commands at once, then takes their replies.
    public func pipeline(_ commands: [[[UInt8]]]) throws -> [RespValue] {
        try send(commands)
        return try commands.map { _ in try receive() }
    }

    /// Sends commands without waiting for replies.
    public func send(_ commands: [[[UInt8]]]) throws {
        var bytes: [UInt8] = []
        for command in commands {
            bytes += Array("*\(command.count)\r\n".utf8)
            for word in command { bytes += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
        }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw RespClient.failure("send") }
            sent += count
        }
    }

    /// Waits for one reply.
    public func receive() throws -> RespValue {
        let line = try self.line()
        guard let kind = line.first else { throw TestFailure("an empty line from the server") }
        let rest = String(decoding: line.dropFirst(), as: UTF8.self)
        switch UnicodeScalar(kind) {
        case "+": return .simple(rest)
        case "-": return .error(rest)
        case ":": return .integer(try number(rest))
        case "$":
            let count = try number(rest)
            if count < 0 { return .null }
            let bytes = try take(count + 2)
            return .bulk(Array(bytes.dropLast(2)))
        case "*":
            let count = try number(rest)
            return count < 0 ? .null : .array(try (0..<count).map { _ in try receive() })
        default: throw TestFailure("no reply: \(String(decoding: line, as: UTF8.self))")
        }
    }

    /// Waits until the server has closed the connection.
    public func expectEnd() throws {
        while try fill() {}
    }

    private func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw TestFailure("no number: \(text)") }
        return number
    }

    private func line() throws -> [UInt8] {
        var searched = taken
        while true {
            if let end = buffer[searched...].firstIndex(of: 10) {
                let line = Array(buffer[taken..<max(taken, end - 1)])
                taken = end + 1
                return line
            }
            searched = buffer.count
            let before = taken
            guard try fill() else { throw ConnectionBroken("the server closed the connection") }
            searched -= before - taken
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count - taken < count {
            guard try fill() else { throw ConnectionBroken("the server closed the connection") }
        }
        defer { taken += count }
        return Array(buffer[taken..<taken + count])
    }

    /// False at the end of file.
    private func fill() throws -> Bool {
        if taken > 1 << 16 {
            buffer.removeFirst(taken)
            taken = 0
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw RespClient.failure("receive") }
            buffer += chunk[..<count]
            return count > 0
        }
    }

    /// A server that says nothing for so long has failed; any other error is the connection's end.
    private static func failure(_ what: String) -> any Error {
        if errno == EAGAIN { return TestFailure("\(what): no answer in time") }
        return ConnectionBroken.now(what)
    }
}
