import Foundation
import Synchronization
import TestSupport

/// Clients of a redis server that write keys of their own, count in counters of their own, and log every
/// acknowledgement; a connection that breaks is made again.
final class AcknowledgedLoad: Sendable {
    private struct State {
        var logs: [LoadLog]
        var isStopping = false
        var failure: (any Error)?
    }

    let port: UInt16
    /// For how long clients try to connect again; 0: no connection may break.
    private let reconnectSeconds: Double
    private let state: Mutex<State>

    static let clientCount = 4

    init(port: UInt16, reconnectSeconds: Double = 5) {
        self.port = port
        self.reconnectSeconds = reconnectSeconds
        state = Mutex(State(logs: (0..<Self.clientCount).map { LoadLog(client: $0) }))
    }

    /// Runs the clients beside `body`, stops them, and throws the first error of any.
    func run(beside body: () async throws -> Void) async throws {
        async let clients: Void = Threads.run(Self.clientCount) { [self] index in
            do {
                try runClient(index)
            } catch {
                state.withLock { $0.failure = $0.failure ?? TestFailure("client \(index): \(error)") }
            }
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        state.withLock { $0.isStopping = true }
        try await clients
        if let failure = state.withLock({ $0.failure }) { throw failure }
        try result.get()
    }

    var logs: [LoadLog] { state.withLock { $0.logs } }

    /// Waits until each client has so many more acknowledgements than now; throws once a client has failed.
    func waitForProgress(of count: Int) async throws {
        let before = logs.map(\.acknowledged.count)
        let deadline = Date(timeIntervalSinceNow: 30)
        while zip(logs, before).contains(where: { $0.acknowledged.count < $1 + count }) {
            if let failure = state.withLock({ $0.failure }) { throw failure }
            if Date() > deadline { throw TestFailure("no progress of the clients within 30 s") }
            try await Task.sleep(nanoseconds: 2_000_000)
        }
    }

    // MARK: - A client

    private func runClient(_ index: Int) throws {
        var log = LoadLog(client: index)
        var connection: RespClient?
        var number = 0
        var brokenSince: Date?
        while !state.withLock({ $0.isStopping || $0.failure != nil }) {
            do {
                let client = try connection ?? connect(log)
                connection = client
                try step(client, number, &log)
                brokenSince = nil
            } catch let broken as ConnectionBroken {
                connection = nil
                let since = brokenSince ?? Date()
                if brokenSince == nil { log.breakCount += 1 }
                brokenSince = since
                if Date().timeIntervalSince(since) >= reconnectSeconds {
                    throw TestFailure("\(broken); no server for \(reconnectSeconds) s")
                }
                usleep(1000)
            }
            // A key whose SET is in doubt is not written again.
            number += 1
            let current = log
            state.withLock { $0.logs[index] = current }
        }
    }

    /// A connection, on which what was acknowledged last is still there.
    private func connect(_ log: LoadLog) throws -> RespClient {
        let client = try RespClient(port: port, timeoutSeconds: 30)
        if let last = log.acknowledged.last { try Self.check(client, log, keys: [last]) }
        try Self.checkCounter(client, log)
        return client
    }

    private func step(_ client: RespClient, _ number: Int, _ log: inout LoadLog) throws {
        let set = [Array("SET".utf8), Array(log.key(number).utf8), log.value(number)]
        let setReply = try client.pipeline([set])[0]
        guard setReply == .ok else { throw TestFailure("SET gave \(setReply)") }
        log.acknowledged.append(number)

        log.sentIncrements += 1
        let reply = try client.call("INCR", log.counter)
        guard case .integer(let count) = reply, log.acknowledgedIncrements < count, count <= log.sentIncrements else {
            throw TestFailure("INCR gave \(reply), after \(log.acknowledgedIncrements) of \(log.sentIncrements)")
        }
        log.acknowledgedIncrements = count
    }

    // MARK: - Afterwards

    /// Throws unless the server has everything that was acknowledged, and has counted nothing that was not sent.
    /// By default the one that the clients had.
    func requireEverything(_ kind: String, at otherPort: UInt16? = nil) throws {
        let client = try RespClient(port: otherPort ?? port)
        let logs = logs
        for log in logs {
            for start in stride(from: 0, to: log.acknowledged.count, by: 500) {
                let end = min(start + 500, log.acknowledged.count)
                try Self.check(client, log, keys: Array(log.acknowledged[start..<end]))
            }
            try Self.checkCounter(client, log)
        }
        let acknowledged = logs.map { $0.acknowledged.count + $0.acknowledgedIncrements }.reduce(0, +)
        SoakLog.note(
            kind, ["acknowledged writes": acknowledged, "broken connections": logs.map(\.breakCount).reduce(0, +)])
    }

    private static func check(_ client: RespClient, _ log: LoadLog, keys: [Int]) throws {
        let replies = try client.pipeline(keys.map { [Array("GET".utf8), Array(log.key($0).utf8)] })
        for (number, reply) in zip(keys, replies) where reply != .bulk(log.value(number)) {
            throw TestFailure("acknowledged, but \(log.key(number)) is \(reply)")
        }
    }

    private static func checkCounter(_ client: RespClient, _ log: LoadLog) throws {
        let reply = try client.call("GET", log.counter)
        var count = reply == .null ? 0 : -1
        if case .bulk(let digits) = reply { count = Int(String(decoding: digits, as: UTF8.self)) ?? -1 }
        guard log.acknowledgedIncrements <= count, count <= log.sentIncrements else {
            throw TestFailure(
                "\(log.counter) is \(reply), \(log.acknowledgedIncrements) acknowledged, \(log.sentIncrements) sent")
        }
    }
}
