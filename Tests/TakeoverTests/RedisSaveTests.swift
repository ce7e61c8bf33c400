import Foundation
import Synchronization
import TestSupport
import Testing

/// Debian's redis-server whose children save all keys into a volume, by save points and by BGSAVE, under load.
///
/// `UNDERSTUDY_ROUNDS` makes more rounds: a tenth of it.
@Suite("redis-server that saves in the background into a volume", .startsGuests)
struct RedisSaveTests {
    /// A save takes some 300 ms, and is in the middle of it for most of them.
    private static func command(port: UInt16, in directory: String, saves: Bool = true) -> Command {
        let words = [
            "--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--daemonize", "no", "--appendonly",
            "no", "--save", saves ? "1 100" : "", "--rdb-key-save-delay", saves ? "250" : "0",
            // A save whose child was killed is one that failed.
            "--stop-writes-on-bgsave-error", "no",
        ]
        var command = Command("/usr/bin/redis-server", words)
        command.directory = directory
        return command
    }

    /// Saves, and waits until that is done.
    private static func save(at port: UInt16) async throws {
        try await RedisInfo.wait(at: port) { $0["rdb_bgsave_in_progress"] == "0" }
        try await Threads.run {
            let reply = try RespClient(port: port).call("BGSAVE")
            // A save point's came first.
            if case .error(let text) = reply, !text.contains("in progress") { throw TestFailure("BGSAVE: \(text)") }
        }
        try await RedisInfo.wait(at: port) {
            $0["rdb_bgsave_in_progress"] == "0" && $0["rdb_last_bgsave_status"] == "ok"
        }
    }

    /// The number of a saved file, which redis' own tool finds to be sound.
    private static func number(
        savedIn directory: String, _ scratch: ScratchDirectory, _ name: String
    ) async throws -> Int {
        let copy = try scratch.makeDirectory(name)
        try FileManager.default.copyItem(atPath: directory + "/dump.rdb", toPath: copy + "/dump.rdb")
        let check = try await Command("/usr/bin/redis-check-rdb", [copy + "/dump.rdb"]).run()
        guard check.ending == .exited(0) else { throw TestFailure("\(directory)/dump.rdb is damaged", check) }
        let port = try FreePort.any()
        return try await command(port: port, in: copy, saves: false).running { server in
            try await server.waitForOutput("Ready to accept connections")
            return try await GenerationLoad.number(at: port)
        }
    }

    @Test("the primary killed in the middle of a save, or right after it", arguments: KillRound.all(share: 0.1))
    func killed(_ round: KillRound) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let port = try FreePort.any()
            let load = GenerationLoad(port: port)
            let server = Self.command(port: port, in: pair.volume)
            let isCutOff = try await ReplicatedGuest.with(server, pair.options(round.options)) { guest in
                try await guest.primary.waitForOutput("Ready to accept connections")
                try await guest.waitUntilProtected()
                let isCutOff = Mutex(false)
                try await load.run {
                    try await load.waitForProgress(of: 3)
                    let first = load.acknowledged
                    try await Self.save(at: port)
                    _ = try await Threads.run { try RespClient(port: port).call("BGSAVE") }
                    try await Task.sleep(nanoseconds: round.delayNanoseconds)
                    guest.killPrimary()
                    try await guest.waitForTakeover()
                    // What the mirror had of a save that was under way is gone, and redis knows it.
                    let info = try await RedisInfo.wait(at: port) { $0["rdb_bgsave_in_progress"] == "0" }
                    isCutOff.withLock { $0 = info["rdb_last_bgsave_status"] == "err" }
                    let left = try FileManager.default.contentsOfDirectory(atPath: pair.mirrored)
                    // A save point's may be under way again.
                    guard left.filter({ $0.hasPrefix("temp-") }).count <= 1 else {
                        throw TestFailure("left behind: \(left)")
                    }
                    let saved = try await Self.number(savedIn: pair.mirrored, scratch, "taken-over")
                    let acknowledged = load.acknowledged
                    guard saved >= first, saved <= acknowledged + 1 else {
                        throw TestFailure("the mirror's file has \(saved), not \(first) to \(acknowledged)")
                    }
                    try await load.waitForProgress(of: 3)
                    let later = load.acknowledged
                    try await Self.save(at: port)
                    let again = try await Self.number(savedIn: pair.mirrored, scratch, "saved-again")
                    guard again >= later else { throw TestFailure("saved again: \(again), not \(later)") }
                }
                let held = try await GenerationLoad.number(at: port)
                guard held >= load.acknowledged else { throw TestFailure("\(held), not \(load.acknowledged)") }
                return isCutOff.withLock { $0 }
            }
            SoakLog.note(
                "redis saving in the background, primary killed",
                ["acknowledged writes": load.acknowledged, "saves cut off": isCutOff ? 1 : 0])
        }
    }
}
