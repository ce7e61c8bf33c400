import Foundation
import TestSupport

/// A redis-server that a test has started.
struct RedisServer: Sendable {
    let running: RunningCommand
    let port: UInt16
    /// The server's own directory.
    let scratch: ScratchDirectory

    /// How a server is run.
    enum Manner: Sendable, CustomStringConvertible {
        case natively
        case guest(Dispatch)
        case stopped(Dispatch)

        static let guests = Dispatch.allCases.map { Manner.guest($0) }

        var description: String {
            switch self {
            case .natively: return "natively"
            case .guest(let dispatch): return "\(dispatch)"
            case .stopped(let dispatch): return "\(dispatch), stopped and resumed, seed \(TestEnvironment.seed)"
            }
        }

        func command(_ native: Command) -> Command {
            switch self {
            case .natively: return native
            case .guest(let dispatch): return Understudy.run(native, dispatch: dispatch)
            case .stopped(let dispatch):
                return Understudy.run(native, dispatch: dispatch, testStops: TestEnvironment.seed)
            }
        }
    }

    static let program = "/usr/bin/redis-server"

    /// Runs `body` beside a server that answers, on a port of its own; afterwards the server must still be there, or
    /// have ended with status 0.
    static func with(
        _ manner: Manner, options: [String] = [], _ body: (RedisServer) async throws -> Void
    ) async throws {
        try await ScratchDirectory.with { scratch in
            let port = try FreePort.any()
            let plain = ["--port", String(port), "--bind", "127.0.0.1", "--dir", scratch.path, "--daemonize", "no"]
            let unsaved = options.contains("--appendonly") ? ["--save", ""] : ["--save", "", "--appendonly", "no"]
            var command = Command(program, plain + unsaved + options)
            command.directory = scratch.path
            command.timeoutSeconds = 300
            try await manner.command(command).running { running in
                let server = RedisServer(running: running, port: port, scratch: scratch)
                try await running.waitForOutput("Ready to accept connections")
                try await body(server)
                guard running.isRunning else {
                    let outcome = try await running.waitForEnd()
                    if outcome.ending == .exited(0), Understudy.trouble(in: outcome.errorText) == nil { return }
                    throw TestFailure("the server ended", outcome)
                }
            }
        }
    }

    /// Asks the server to end, and throws unless it does with status 0.
    func terminate() async throws {
        running.send(signal: SIGTERM)
        let outcome = try await running.waitForEnd()
        guard outcome.ending == .exited(0) else { throw TestFailure("SIGTERM did not end it cleanly", outcome) }
    }
}
