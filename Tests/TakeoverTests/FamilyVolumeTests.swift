import Foundation
import TestSupport
import Testing

/// Children of a guest that change files of a volume.
///
/// `UNDERSTUDY_ROUNDS` makes more rounds: a fifth of it.
@Suite("children that change files of a volume", .startsGuests)
struct FamilyVolumeTests {
    private static let script = TestEnvironment.packageRoot + "/Tests/TakeoverTests/scripts/family.py"

    private static func family(_ words: String...) -> Command {
        Command("/usr/bin/python3", [script] + words)
    }

    /// The last round that was said to be over.
    private static func lastRound(in text: String) -> Int {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("round ") && $0.hasSuffix(".") }
        return lines.last.flatMap { Int($0.dropFirst("round ".count).dropLast()) } ?? 0
    }

    @Test(
        "the primary killed: all that was said is there, and what was not is in order",
        arguments: KillRound.all(share: 0.2))
    func killed(_ round: KillRound) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let seed = "\(TestEnvironment.seed).\(round.number)"
            var options = round.options
            options.epoch = ["5ms", nil, "100ms"][round.number % 3]
            let guest = Self.family("rounds", pair.volume, seed)
            let outcome = try await ReplicatedGuest.with(guest, pair.options(options)) { guest in
                try await guest.waitUntilProtected()
                try await guest.primary.waitForOutput("round 2.\n")
                try await Task.sleep(nanoseconds: round.delayNanoseconds)
                guest.killPrimary()
                try await guest.waitForTakeover()
                let next = Self.lastRound(in: guest.primary.outputText) + 2
                try await guest.mirror.waitForOutput("round \(next).\n")
                guest.mirror.send(signal: SIGKILL)
                return try await guest.waitForEnd()
            }
            try outcome.requireNoTrouble()
            let last = Self.lastRound(in: outcome.mirror.outputText)
            let check = try await Self.family("check", pair.mirrored, seed, String(last)).run()
            guard check.outputText == "all there\n" else { throw TestFailure("not all is there", check) }
            let killed = outcome.mirror.outputText.split(separator: "\n").filter { $0.hasPrefix("killed ") }.count
            SoakLog.note("children in a volume, primary killed", ["rounds": last, "children killed with it": killed])
        }
    }

    @Test(
        "killed by their parent in the middle of it, 200 times: the mirror is still there, and the same",
        arguments: ["kill", "queue"])
    func killedByParent(_ way: String) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let guest = Self.family(way, pair.volume, String(TestEnvironment.seed), "200")
            let outcome = try await ReplicatedGuest.with(guest, pair.options()) { try await $0.waitForEnd() }
            try outcome.requireNoTrouble()
            guard outcome.primary.outputText == "killed 200\n", outcome.mirror.ending == .exited(0),
                !outcome.primary.errorText.contains(ReplicatedGuest.unprotectedLine)
            else { throw TestFailure("seed \(TestEnvironment.seed): \(outcome)") }
            try await pair.requireEqual()
        }
    }

    @Test("files that outlive who opened them, and their names")
    func heirs() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let outcome = try await ReplicatedGuest.with(Self.family("heirs", pair.volume), pair.options()) {
                try await $0.waitForEnd()
            }
            try outcome.requireNoTrouble()
            guard outcome.primary.outputText == "heirs: ok\n", outcome.mirror.ending == .exited(0),
                !outcome.primary.errorText.contains(ReplicatedGuest.unprotectedLine)
            else { throw TestFailure("\(outcome)") }
            try await pair.requireEqual()
        }
    }

    /// Ten lines by a child, of which one is done and not said by the time that it is killed.
    private static let victim = """
        cd "$0"
        echo before >log
        sleep 0.3
        (for line in 1 2 3 4 5 6 7 8 9 10; do echo $line >>log; sleep 0.02; done)
        echo "ended with $?"
        echo after >>log
        while read line; do echo $line; done <log
        """

    @Test("killed from outside before it could say what it has done: no epoch from then on", arguments: [2, 3, 9, 20])
    func killedFromOutside(_ count: Int) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            var options = pair.options()
            options.primaryWords += ["--test-fault", "child-change:\(count)"]
            options.isAsRemote = count % 3 == 0
            let guest = Command("/bin/dash", ["-c", Self.victim, pair.volume])
            let outcome = try await ReplicatedGuest.with(guest, options) { try await $0.waitForEnd() }
            try outcome.requireNoTrouble()
            let lines = outcome.primary.errorText.split(separator: "\n").filter {
                $0.hasPrefix(ReplicatedGuest.unprotectedLine)
            }
            guard lines.count == 1, lines[0].contains("was killed or stopped from outside while it changed a file"),
                outcome.primary.ending == .exited(0), outcome.primary.outputText.hasPrefix("ended with 137\n"),
                outcome.primary.outputText.hasSuffix("\nafter\n"), !outcome.didTakeOver
            else { throw TestFailure("\(outcome)") }
            // What an epoch had, and nothing of what came after: as many lines as there were, or fewer.
            let mirrored = (try? String(contentsOfFile: pair.mirrored + "/log", encoding: .utf8)) ?? ""
            #expect(try String(contentsOfFile: pair.volume + "/log", encoding: .utf8).hasPrefix(mirrored))
        }
    }
}
