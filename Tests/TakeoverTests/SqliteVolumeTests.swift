import Foundation
import TestSupport
import Testing

/// sqlite3, as Debian's python3 has it, with its database in a volume: every transaction of which the outside has heard
/// is there afterwards.
///
/// `UNDERSTUDY_ROUNDS` makes more rounds: a tenth of it.
@Suite("an sqlite3 database in a volume", .startsGuests)
struct SqliteVolumeTests {
    private static let script = TestEnvironment.packageRoot + "/Tests/TakeoverTests/scripts/ledger.py"

    private static func guest(in volume: String, _ round: KillRound, upTo count: Int) -> Command {
        let mode = ["delete", "truncate", "persist", "wal"][round.number % 4]
        return Command("/usr/bin/python3", [script, volume + "/ledger", mode, String(count)])
    }

    /// The last row that was said to be committed.
    private static func lastRow(in text: String) -> Int {
        let end = text.lastIndex(of: "\n") ?? text.startIndex
        let lines = text[..<end].split(separator: "\n").filter { $0.hasPrefix("committed ") }
        return lines.last.flatMap { Int($0.dropFirst("committed ".count)) } ?? 0
    }

    /// Opens the database natively, with the other client, and returns how many rows it has.
    private static func requireSound(_ volume: String, atLeast rowCount: Int) async throws -> Int {
        let questions = "pragma integrity_check; select count(*) || ' ' || max(number) from ledger"
        let outcome = try await Command("/usr/bin/sqlite3", [volume + "/ledger", questions]).run()
        let lines = outcome.outputText.split(separator: "\n")
        guard outcome.ending == .exited(0), lines.count == 2, lines[0] == "ok" else {
            throw TestFailure("\(volume)/ledger is damaged", outcome)
        }
        let numbers = lines[1].split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 2, numbers[0] == numbers[1], numbers[0] >= rowCount else {
            throw TestFailure("\(volume)/ledger has rows \(lines[1]), acknowledged are \(rowCount)")
        }
        return numbers[0]
    }

    /// Lets the same program go on natively on what is there.
    private static func requireRestart(_ volume: String, _ round: KillRound, rowCount: Int) async throws {
        let outcome = try await guest(in: volume, round, upTo: rowCount + 5).run()
        guard outcome.ending == .exited(0), outcome.outputText.hasSuffix("ledger: ok\n") else {
            throw TestFailure("it does not go on in \(volume)", outcome)
        }
    }

    @Test("the primary killed, and later the mirror", arguments: KillRound.all(share: 0.1))
    func killed(_ round: KillRound) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let guest = Self.guest(in: pair.volume, round, upTo: 1_000_000)
            let outcome = try await ReplicatedGuest.with(guest, pair.options(round.options)) { guest in
                try await guest.waitUntilProtected()
                try await guest.primary.waitForOutput("committed 3\n")
                try await Task.sleep(nanoseconds: round.delayNanoseconds)
                guest.killPrimary()
                try await guest.waitForTakeover()
                let next = Self.lastRow(in: guest.primary.outputText) + 10
                try await guest.mirror.waitForOutput("committed \(next)\n")
                guest.mirror.send(signal: SIGKILL)
                return try await guest.waitForEnd()
            }
            try outcome.requireNoTrouble()
            let said = max(Self.lastRow(in: outcome.primary.outputText), Self.lastRow(in: outcome.mirror.outputText))
            let rowCount = try await Self.requireSound(pair.mirrored, atLeast: said)
            try await Self.requireRestart(pair.mirrored, round, rowCount: rowCount)
            SoakLog.note("sqlite3, primary killed", ["acknowledged transactions": said])
        }
    }

    @Test("both killed at once, then the other way round", arguments: KillRound.all(share: 0.1))
    func bothKilled(_ round: KillRound) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            var options = round.options
            if round.number % 2 == 0 { options.primaryWords.append("--durable") }
            let isPrimaryFirst = round.number / 2 % 2 == 0
            let guest = Self.guest(in: pair.volume, round, upTo: 1_000_000)
            let outcome = try await ReplicatedGuest.with(guest, pair.options(options)) { guest in
                try await guest.waitUntilProtected()
                try await guest.primary.waitForOutput("committed 3\n")
                try await Task.sleep(nanoseconds: round.delayNanoseconds)
                guest.killBoth(primaryFirst: isPrimaryFirst)
                return try await guest.waitForEnd()
            }
            let said = Self.lastRow(in: outcome.primary.outputText)
            _ = try await Self.requireSound(pair.volume, atLeast: said)
            // What was said without a mirror is not there.
            let rowCount = try await Self.requireSound(pair.mirrored, atLeast: isPrimaryFirst ? said : 1)

            let swapped = try VolumePair(swapping: pair, in: scratch)
            let second = Self.guest(in: swapped.volume, round, upTo: rowCount + 20)
            let after = try await ReplicatedGuest.with(second, swapped.options(options)) { try await $0.waitForEnd() }
            guard after.primary.outputText.hasSuffix("ledger: ok\n") else { throw TestFailure("not ok: \(after)") }
            try await swapped.requireEqual()
            try await Self.requireRestart(swapped.mirrored, round, rowCount: rowCount + 20)
            SoakLog.note("sqlite3, both killed and swapped", ["acknowledged transactions": said])
        }
    }
}
