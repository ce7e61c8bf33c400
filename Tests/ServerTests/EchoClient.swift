import TestSupport

/// Says something to a server that puts a number before it and says it again.
struct EchoClient: ServerClient {
    let port: UInt16
    let text: String

    func ask() async throws -> String {
        let (port, text) = (port, text)
        return try await Threads.run {
            let connection = try RawConnection(port: port)
            try connection.send(Array("\(text)\n".utf8))
            let line = try connection.receiveLine()
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2, words[1] == text else { throw TestFailure("\(text) came back as \(line)") }
            return String(words[0])
        }
    }
}
