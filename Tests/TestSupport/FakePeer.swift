import Foundation

/// Somebody who listens on a port of 127.0.0.1, and is not who he is taken for.
public enum FakePeer {
    public enum Manner: Sendable, CustomStringConvertible {
        /// Takes the connection and what comes through it, and says nothing.
        case silent
        /// Closes every connection at once.
        case hangsUp
        /// Says this, and listens.
        case says([UInt8])
        /// Says a lot that means nothing.
        case babbles

        public var description: String {
            switch self {
            case .silent: return "silent"
            case .hangsUp: return "hangs up"
            case .says(let bytes): return "says \(String(decoding: bytes, as: UTF8.self).debugDescription)"
            case .babbles: return "babbles"
            }
        }
    }

    /// Runs `body` beside such a peer; it gets the port.
    public static func with<Result>(_ manner: Manner, _ body: (UInt16) async throws -> Result) async throws -> Result {
        let listener = try ListeningSocket()
        Thread.detachNewThread {
            while true {
                let connection = listener.accept()
                guard connection >= 0 else { return }
                Thread.detachNewThread {
                    serve(connection, manner)
                    close(connection)
                }
            }
        }
        defer { listener.stop() }
        return try await body(listener.port)
    }

    private static func serve(_ connection: Int32, _ manner: Manner) {
        switch manner {
        case .silent: break
        case .hangsUp: return
        case .says(let bytes): RawStream.send(bytes[...], to: connection)
        case .babbles:
            var generator = SeededGenerator(seed: TestEnvironment.seed)
            let bytes = (0..<100_000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            RawStream.send(bytes[...], to: connection)
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while recv(connection, &chunk, chunk.count, 0) > 0 {}
    }
}
