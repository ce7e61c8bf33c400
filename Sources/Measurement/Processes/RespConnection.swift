import Glibc

/// One connection to a redis-server on this machine, in its protocol's second version.
final class RespConnection {
    enum Reply: Equatable {
        case text(String)
        case number(Int)
        case bytes([UInt8])
        case nothing
    }

    enum Failure: Error {
        /// The connection could not be made, or has ended.
        case broken(String)
        /// The server says that something is wrong, or nothing within the time.
        case wrong(String)

        var text: String {
            switch self {
            case .broken(let text), .wrong(let text): return text
            }
        }
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var taken = 0

    init(port: UInt16, patienceSeconds: Int = 60) throws(Failure) {
        let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0 else { throw .wrong("no socket: \(errorText(errno))") }
        descriptor = made
        var patience = timeval(tv_sec: patienceSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        guard Loopback.with(port, { connect(made, $0, $1) }) == 0 else { throw .broken("connect: \(errorText(errno))") }
    }

    deinit { close(descriptor) }

    func ask(_ words: [String]) throws(Failure) -> Reply {
        var request = Array("*\(words.count)\r\n".utf8)
        for word in words { request += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw .broken("send: \(errorText(errno))")
        }
        return try reply()
    }

    private func reply() throws(Failure) -> Reply {
        let line = try line()
        let rest = String(decoding: line.dropFirst(), as: UTF8.self)
        switch line.first {
        case UInt8(ascii: "+"): return .text(rest)
        case UInt8(ascii: ":"):
            if let number = Int(rest) { return .number(number) }
        case UInt8(ascii: "$"):
            if let count = Int(rest) { return count < 0 ? .nothing : .bytes(try bytes(count)) }
        default: break
        }
        throw .wrong("redis-server says \(String(decoding: line.prefix(100), as: UTF8.self))")
    }

    private func bytes(_ count: Int) throws(Failure) -> [UInt8] {
        while buffer.count - taken < count + 2 { try receive() }
        defer { taken += count + 2 }
        return Array(buffer[taken..<taken + count])
    }

    private func line() throws(Failure) -> [UInt8] {
        var searched = taken
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")), end > taken {
                defer { taken = end + 1 }
                return Array(buffer[taken..<end - 1])
            }
            searched = buffer.count
            try receive()
        }
    }

    private func receive() throws(Failure) {
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == EINTR { return }
        if count < 0, errno == EAGAIN { throw .wrong("redis-server does not answer") }
        guard count > 0 else { throw .broken(count == 0 ? "closed by the server" : "recv: \(errorText(errno))") }
        buffer += chunk.prefix(count)
    }
}
