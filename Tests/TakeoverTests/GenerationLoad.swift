import Foundation
import Synchronization
import TestSupport

/// A client of a redis server that sets many keys to the same number at once, and then to the next: whatever is saved
/// of them at a moment has one number.
final class GenerationLoad: Sendable {
    private struct State {
        var acknowledged = 0
        var isStopping = false
    }

    static let keyCount = 1000
    private static let keys = (0..<keyCount).map { "generation:\($0)" }

    private let port: UInt16
    private let state = Mutex(State())

    init(port: UInt16) {
        self.port = port
    }

    /// The last number of which the client was told that it is set.
    var acknowledged: Int { state.withLock { $0.acknowledged } }

    /// Runs the client beside `body`. A connection that breaks is made again.
    func run(beside body: () async throws -> Void) async throws {
        async let client: Void = Threads.run(1) { [self] _ in try runClient() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        state.withLock { $0.isStopping = true }
        try await client
        try result.get()
    }

    private func runClient() throws {
        var connection: RespClient?
        let deadline = Date(timeIntervalSinceNow: 100)
        while !state.withLock({ $0.isStopping }) {
            do {
                let client = try connection ?? RespClient(port: port)
                connection = client
                let next = acknowledged + 1
                let words = ["MSET"] + Self.keys.flatMap { [$0, String(next)] }
                guard try client.pipeline([words.map { Array($0.utf8) }]) == [.ok] else {
                    throw TestFailure("MSET of generation \(next) failed")
                }
                state.withLock { $0.acknowledged = next }
                usleep(2000)
            } catch let broken as ConnectionBroken {
                connection = nil
                if Date() > deadline { throw broken }
                usleep(1000)
            }
        }
    }

    func waitForProgress(of count: Int) async throws {
        let wanted = acknowledged + count
        let deadline = Date(timeIntervalSinceNow: 30)
        while acknowledged < wanted {
            if Date() > deadline { throw TestFailure("no progress of the client within 30 s") }
            try await Task.sleep(nanoseconds: 2_000_000)
        }
    }

    /// The number that all keys of a server have.
    static func number(at port: UInt16) async throws -> Int {
        try await Threads.run {
            let client = try RespClient(port: port)
            let reply = try client.pipeline([(["MGET"] + keys).map { Array($0.utf8) }])[0]
            guard case .array(let values) = reply, let first = values.first, case .bulk(let digits) = first,
                let number = Int(String(decoding: digits, as: UTF8.self)), values.allSatisfy({ $0 == first })
            else { throw TestFailure("the keys have no number, or several") }
            return number
        }
    }
}
