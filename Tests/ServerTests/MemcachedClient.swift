import TestSupport

/// Takes the next number from a counter, by memcached's text protocol, and stores a value under it.
struct MemcachedClient: ServerClient {
    let port: UInt16

    func ask() async throws -> String {
        let port = port
        return try await Threads.run {
            let connection = try RawConnection(port: port)
            // Whoever is first makes the counter. Were it lost, it would begin again at 1.
            try connection.send(Array("add counter 0 0 1\r\n0\r\nincr counter 1\r\n".utf8))
            let added = try connection.receiveLine()
            guard added == "STORED" || added == "NOT_STORED" else { throw TestFailure("add gave \(added)") }
            let answer = try connection.receiveLine()
            guard let number = Int(answer) else { throw TestFailure("incr gave \(answer)") }
            let value = Self.value(number)
            try connection.send(Array("set key:\(number) 0 0 \(value.utf8.count)\r\n\(value)\r\n".utf8))
            let stored = try connection.receiveLine()
            guard stored == "STORED" else { throw TestFailure("set gave \(stored)") }
            return answer
        }
    }

    /// Throws unless the server has the value of each number.
    static func requireValues(_ numbers: [Int], port: UInt16) async throws {
        try await Threads.run {
            let connection = try RawConnection(port: port)
            for number in numbers {
                try connection.send(Array("get key:\(number)\r\n".utf8))
                let value = value(number)
                for expected in ["VALUE key:\(number) 0 \(value.utf8.count)", value, "END"] {
                    let line = try connection.receiveLine()
                    guard line == expected else {
                        throw TestFailure("acknowledged, but key:\(number) gives \(line), not \(expected)")
                    }
                }
            }
        }
    }

    /// Of some lengths, so that they lie in several of its slabs.
    private static func value(_ number: Int) -> String {
        String(repeating: "\(number).", count: 1 + number % 150)
    }
}
