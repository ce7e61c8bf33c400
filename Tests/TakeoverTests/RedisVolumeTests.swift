import Foundation
import TestSupport
import Testing

/// Debian's redis-server with an append-only file in a volume, synced before every reply.
///
/// `UNDERSTUDY_ROUNDS` makes more rounds: a tenth of it.
@Suite("redis-server with an append-only file in a volume", .startsGuests)
struct RedisVolumeTests {
    /// Rewriting the file is asked for where a test wants it, and takes 5 ms for each key.
    private static func command(port: UInt16, in directory: String) -> Command {
        let words = [
            "--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--daemonize", "no", "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0",
            "--rdb-key-save-delay", "5000",
        ]
        var command = Command("/usr/bin/redis-server", words)
        command.directory = directory
        return command
    }

    /// Checks the file with redis' own tool, and that a native server takes it, with all that was acknowledged to this
    /// load.
    private static func requireSound(_ directory: String, _ load: AcknowledgedLoad?, _ kind: String) async throws {
        let file = directory + "/appendonlydir/appendonly.aof.manifest"
        let check = try await Command("/usr/bin/redis-check-aof", [file]).run()
        guard check.ending == .exited(0) else { throw TestFailure("\(file) is damaged", check) }
        let port = try FreePort.any()
        try await command(port: port, in: directory).running { server in
            try await server.waitForOutput("Ready to accept connections")
            if let load { try await Threads.run { try load.requireEverything(kind, at: port) } }
        }
    }

    @Test("the primary killed, and later the mirror", arguments: KillRound.all(share: 0.1))
    func killed(_ round: KillRound) async throws {
        try await Self.underLoad(round, "redis with an append-only file, primary killed") { guest, load in
            try await Task.sleep(nanoseconds: round.delayNanoseconds)
            guest.killPrimary()
            try await load.waitForProgress(of: 20)
        }
    }

    /// Has `body` do something, under load, to a server and its mirror, which is killed afterwards; and looks into what
    /// the mirror has then.
    private static func underLoad(
        _ round: KillRound, _ kind: String, _ body: (ReplicatedGuest, AcknowledgedLoad) async throws -> Void
    ) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let port = try FreePort.any()
            let load = AcknowledgedLoad(port: port)
            let server = command(port: port, in: pair.volume)
            try await ReplicatedGuest.with(server, pair.options(round.options)) { guest in
                try await guest.primary.waitForOutput("Ready to accept connections")
                try await guest.waitUntilProtected()
                try await load.run {
                    try await load.waitForProgress(of: 10)
                    try await body(guest, load)
                }
                guest.mirror.send(signal: SIGKILL)
                _ = try await guest.mirror.waitForEnd()
            }
            try await requireSound(pair.mirrored, load, kind)
        }
    }

    private static func rewrite(at port: UInt16) async throws {
        try await Threads.run {
            let reply = try RespClient(port: port).call("BGREWRITEAOF")
            if case .error(let text) = reply { throw TestFailure("BGREWRITEAOF: \(text)") }
        }
    }

    @Test(
        "the primary killed while a child rewrites the file, and later the mirror",
        arguments: KillRound.all(share: 0.1))
    func killedWhileRewriting(_ round: KillRound) async throws {
        try await Self.underLoad(round, "redis rewriting its append-only file, primary killed") { guest, load in
            try await Self.rewrite(at: load.port)
            try await Task.sleep(nanoseconds: round.delayNanoseconds)
            guest.killPrimary()
            try await load.waitForProgress(of: 20)
            try await RedisInfo.wait(at: load.port) { $0["aof_rewrite_in_progress"] == "0" }
            try await Self.rewrite(at: load.port)
            try await RedisInfo.wait(at: load.port) {
                $0["aof_rewrite_in_progress"] == "0" && $0["aof_last_bgrewrite_status"] == "ok"
            }
            try await load.waitForProgress(of: 10)
        }
    }

    @Test("both killed at once", arguments: KillRound.all(share: 0.1))
    func bothKilled(_ round: KillRound) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let isPrimaryFirst = round.number.isMultiple(of: 2)
            let port = try FreePort.any()
            // No longer than it takes to notice that nobody is there any more.
            let load = AcknowledgedLoad(port: port, reconnectSeconds: 3600)
            let server = Self.command(port: port, in: pair.volume)
            try await ReplicatedGuest.with(server, pair.options(round.options)) { guest in
                try await guest.primary.waitForOutput("Ready to accept connections")
                try await guest.waitUntilProtected()
                try await load.run {
                    try await load.waitForProgress(of: 10)
                    try await Task.sleep(nanoseconds: round.delayNanoseconds)
                    guest.killBoth(primaryFirst: isPrimaryFirst)
                    _ = try await guest.waitForEnd()
                }
            }
            try await Self.requireSound(pair.volume, load, "redis with an append-only file, both killed: primary")
            // What was answered without a mirror is not there.
            let heard = isPrimaryFirst ? load : nil
            try await Self.requireSound(pair.mirrored, heard, "redis with an append-only file, both killed: mirror")
        }
    }
}
