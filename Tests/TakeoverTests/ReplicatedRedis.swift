import Foundation
import TestSupport

/// Debian's redis-server under `run --mirror`, and its mirror.
struct ReplicatedRedis: Sendable {
    let guest: ReplicatedGuest
    let port: UInt16

    /// The command of a server that keeps nothing on disk.
    static func command(port: UInt16, in scratch: ScratchDirectory) -> Command {
        let words = [
            "--port", String(port), "--bind", "127.0.0.1", "--dir", scratch.path, "--daemonize", "no", "--save", "",
            "--appendonly", "no",
        ]
        var command = Command("/usr/bin/redis-server", words)
        command.directory = scratch.path
        return command
    }

    /// Runs `body` beside a server that answers and has a mirror.
    static func with<Result>(
        _ options: ReplicationOptions, _ body: (ReplicatedRedis) async throws -> Result
    ) async throws -> Result {
        try await ScratchDirectory.with { scratch in
            let port = try FreePort.any()
            return try await ReplicatedGuest.with(command(port: port, in: scratch), options) { guest in
                try await guest.primary.waitForOutput("Ready to accept connections")
                try await guest.waitUntilProtected()
                return try await body(ReplicatedRedis(guest: guest, port: port))
            }
        }
    }

    /// Ends the server where it runs now, and throws unless it ends with status 0.
    func terminate(_ side: RunningCommand, byCommand: Bool) async throws {
        if byCommand {
            let port = port
            try await Threads.run {
                let client = try RespClient(port: port)
                try client.send([["SHUTDOWN", "NOSAVE"].map { Array($0.utf8) }])
                try client.expectEnd()
            }
        } else {
            side.send(signal: SIGTERM)
        }
        let outcome = try await side.waitForEnd()
        guard outcome.ending == .exited(0) else { throw TestFailure("it did not end cleanly", outcome) }
        if let line = Understudy.trouble(in: outcome.errorText) { throw TestFailure("in trouble: \(line)", outcome) }
    }
}
