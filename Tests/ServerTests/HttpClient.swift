import TestSupport

/// Asks for a path by HTTP/1.0, and looks whether the whole answer has come.
struct HttpClient: ServerClient {
    let port: UInt16
    let path: String

    func ask() async throws -> String {
        let (port, path) = (port, path)
        return try await Threads.run {
            let connection = try RawConnection(port: port)
            try connection.send(Array("GET \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8))
            let (bytes, end) = connection.receiveAll(silenceMilliseconds: 10_000)
            guard end == .closed else { throw ConnectionBroken("no answer to GET \(path)") }
            return try Self.body(of: String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func body(of answer: String) throws -> String {
        guard let end = answer.firstRange(of: "\r\n\r\n") else { throw ConnectionBroken("no whole head") }
        let lines = answer[..<end.lowerBound].split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("HTTP/1."), first.split(separator: " ")[1] == "200" else {
            throw TestFailure("it answers \(answer)")
        }
        let body = answer[end.upperBound...]
        let field = lines.first { $0.lowercased().hasPrefix("content-length:") }
        guard let count = field?.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw TestFailure("no length in \(answer)")
        }
        guard body.utf8.count >= count else { throw ConnectionBroken("\(body.utf8.count) bytes of \(count)") }
        return String(body)
    }
}
