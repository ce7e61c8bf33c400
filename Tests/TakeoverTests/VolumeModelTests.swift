import Foundation
import TestSupport
import Testing

/// Random sequences of all kinds of file operations in a volume. The guest has a model of the volume in its memory and
/// compares the two, also in the mirror, where memory and files have come by different ways.
///
/// `UNDERSTUDY_SEQUENCES` makes more sequences than the usual 200. Each start of the guest makes ten of them.
@Suite("random file operations in a volume", .startsGuests)
struct VolumeModelTests {
    struct Round: Sendable, CustomTestStringConvertible {
        let kill: KillRound
        var testDescription: String { kill.testDescription }

        static let sequenceCount = 10
        static let wanted = Int(ProcessInfo.processInfo.environment["UNDERSTUDY_SEQUENCES"] ?? "") ?? 200
        static let all = (1...max(2, wanted / sequenceCount)).map { Round(kill: KillRound(number: $0)) }
        static let someOfAll = all.prefix(max(6, all.count / 20))

        var seed: UInt64 { TestEnvironment.seed &* 10_007 &+ UInt64(kill.number) }

        func guest(in pair: VolumePair) throws -> Command {
            try VolumePair.model([pair.volume, String(seed), String(Round.sequenceCount), "keep"])
        }

        /// Some with many small epochs, some with few.
        var options: ReplicationOptions {
            var options = kill.options
            options.epoch = ["1ms", "5ms", nil, "100ms"][kill.number % 4]
            return options
        }
    }

    @Test("the primary killed: the mirror's volume is the model's of the last commit", arguments: Round.all)
    func killed(_ round: Round) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let outcome = try await ReplicatedGuest.with(round.guest(in: pair), pair.options(round.options)) { guest in
                try await guest.waitUntilProtected()
                try await Task.sleep(nanoseconds: round.kill.delayNanoseconds)
                guest.killPrimary()
                return try await guest.waitForEnd()
            }
            try outcome.requireNoTrouble()
            let tree = try await VolumePair.digest(of: pair.mirrored)
            let ended = outcome.didTakeOver ? outcome.mirror : outcome.primary
            guard ended.outputText.hasSuffix("volume_model: ok\n") else {
                // Killed with its guest at an end, before that could be said.
                if !outcome.didTakeOver, outcome.mirror.ending == .exited(0) { return }
                throw TestFailure("not ok: \(outcome)")
            }
            guard ended.outputText.contains(tree) else { throw TestFailure("not \(tree): \(outcome)") }
            let words = outcome.mirror.outputText.split(separator: "\n").first { $0.hasPrefix("takeover: ") }
            SoakLog.note(
                "file operations, primary killed",
                ["sequences": Round.sequenceCount, "takeovers in the middle": words == nil ? 0 : 1])
        }
    }

    @Test("neither killed: the same on both sides", arguments: Round.all.prefix(4))
    func untouched(_ round: Round) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let outcome = try await ReplicatedGuest.with(round.guest(in: pair), pair.options(round.options)) {
                try await $0.waitForEnd()
            }
            try outcome.requireNoTrouble()
            guard outcome.primary.outputText.hasSuffix("volume_model: ok\n"), outcome.mirror.ending == .exited(0) else {
                throw TestFailure("not ok: \(outcome)")
            }
            try await pair.requireEqual()
        }
    }

    @Test("the mirror killed: the guest notices nothing", arguments: Round.all.prefix(3))
    func mirrorKilled(_ round: Round) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            let primary = try await ReplicatedGuest.with(round.guest(in: pair), pair.options(round.options)) { guest in
                try await guest.waitUntilProtected()
                try await Task.sleep(nanoseconds: round.kill.delayNanoseconds)
                guest.mirror.send(signal: SIGKILL)
                return try await guest.primary.waitForEnd()
            }
            let tree = try await VolumePair.digest(of: pair.volume)
            guard primary.outputText.hasSuffix("volume_model: ok\n"), primary.outputText.contains(tree) else {
                throw TestFailure("not ok, or not \(tree)", primary)
            }
        }
    }

    /// The first volume is not empty: what the former primary did and never committed has to be undone.
    @Test("both killed at once, then the other way round: the same on both sides", arguments: Round.someOfAll)
    func bothKilled(_ round: Round) async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumePair(in: scratch)
            try await ReplicatedGuest.with(round.guest(in: pair), pair.options(round.options)) { guest in
                try await guest.waitUntilProtected()
                try await Task.sleep(nanoseconds: round.kill.delayNanoseconds)
                guest.killBoth(primaryFirst: round.kill.number.isMultiple(of: 2))
                _ = try await guest.waitForEnd()
            }
            let swapped = try VolumePair(swapping: pair, in: scratch)
            let outcome = try await ReplicatedGuest.with(
                round.guest(in: swapped), swapped.options(round.options)
            ) { try await $0.waitForEnd() }
            try outcome.requireNoTrouble()
            guard outcome.primary.outputText.hasSuffix("volume_model: ok\n") else {
                throw TestFailure("not ok: \(outcome)")
            }
            try await swapped.requireEqual()
            SoakLog.note("file operations, both killed and swapped", [:])
        }
    }
}
