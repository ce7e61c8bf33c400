import Foundation
import TestSupport
import Testing

/// Servers that people run, with the clients that people use. `UNDERSTUDY_ROUNDS` makes more rounds with a takeover: a
/// fiftieth of it.
@Suite("servers that people run", .startsGuests)
struct ServerTests {
    @Test("natively: the tests are right about them", arguments: TestedServer.allCases)
    func natively(_ server: TestedServer) async throws {
        try await Self.requireRun(server) { $0 }
    }

    @Test("alone", arguments: TestedServer.allCases)
    func alone(_ server: TestedServer) async throws {
        try await Self.requireRun(server) { Understudy.run($0) }
    }

    @Test("the clients notice a server that has forgotten", arguments: [TestedServer.memcached, .asyncio, .rust])
    func forgotten(_ server: TestedServer) async throws {
        try await ScratchDirectory.with { scratch in
            let port = try FreePort.any()
            let command = try await server.command(port: port, in: scratch)
            let load = server.load(port: port)
            let error = await #expect(throws: TestFailure.self) {
                try await load.run {
                    for _ in 0..<2 { try await command.running { _ in try await load.waitForProgress(of: 20) } }
                }
            }
            #expect(error?.description.contains("it answers") == true, "\(error?.description ?? "")")
        }
    }

    private static func requireRun(_ server: TestedServer, _ wrapped: (Command) -> Command) async throws {
        try await ScratchDirectory.with { scratch in
            let port = try FreePort.any()
            let command = wrapped(try await server.command(port: port, in: scratch))
            try await command.running { running in
                let load = server.load(port: port)
                try await load.run { try await load.waitForProgress(of: 30) }
                try await server.requireService(port: port, load)
                try await Self.requireEnd(server, running)
            }
        }
    }

    private static func requireEnd(_ server: TestedServer, _ running: RunningCommand) async throws {
        running.send(signal: SIGTERM)
        let outcome = try await running.waitForEnd()
        if let line = Understudy.trouble(in: outcome.errorText) { throw TestFailure("in trouble: \(line)", outcome) }
        guard server.endings.contains(outcome.ending) else {
            throw TestFailure("it should end by \(server.endings)", outcome)
        }
    }

    @Test("the primary killed: nothing that was answered is taken back", arguments: ServerRound<TestedServer>.all)
    func killed(_ turn: ServerRound<TestedServer>) async throws {
        let (server, round) = (turn.tested, turn.round)
        try await ScratchDirectory.with { scratch in
            let port = try FreePort.any()
            let command = try await server.command(port: port, in: scratch)
            let load = server.load(port: port)
            try await ReplicatedGuest.with(command, round.options) { pair in
                try await load.run {
                    try await pair.waitUntilProtected()
                    try await load.waitForProgress(of: 5)
                    try await Task.sleep(nanoseconds: round.delayNanoseconds)
                    pair.killPrimary()
                    try await pair.waitForTakeover()
                    try await load.waitForProgress(of: 10)
                }
                try await server.requireService(port: port, load)
                try await Self.requireEnd(server, pair.mirror)
            }
            SoakLog.note(
                "\(server), primary killed", ["answers": load.answerCount, "broken connections": load.breakCount])
        }
    }
}
