import Foundation
import TestSupport
import Testing

/// Checkpoint after checkpoint of a guest that knows what every word of its memory must be, and looks after each
/// takeover.
///
/// `UNDERSTUDY_CHECKPOINTS` is how many there are at least, over all trackers.
@Suite("memory after many checkpoints", .startsGuests)
struct MemoryTakeoverTests {
    private static let checkpointCount = max(
        1, Int(ProcessInfo.processInfo.environment["UNDERSTUDY_CHECKPOINTS"] ?? "") ?? 1000)
    private static let compressions = ["auto", "xor-rle", "xor-lz4", "lz4", "off"]
    /// A machine on which a second's worth of the smallest interval comes to fewer has stopped cutting.
    private static let roundsMax = 1 + checkpointCount / 50

    @Test("every word is as it was", arguments: Tracker.allCases)
    func words(_ tracker: Tracker) async throws {
        let wanted = Self.checkpointCount / Tracker.allCases.count
        var generator = SeededGenerator(seed: TestEnvironment.seed &* 23)
        var total = 0
        for number in 0..<Self.roundsMax where total < wanted {
            var options = ReplicationOptions(tracker: tracker, dispatch: .taking(turn: number))
            options.epoch = "1ms"
            options.primaryWords = ["--compress", Self.compressions[number % Self.compressions.count]]
            options.isAsRemote = number % 4 == 3
            // As long as it takes where each millisecond has one, but with some takeovers in any case.
            let milliseconds = min(5000, max(300, wanted - total)) + generator.below(100)
            let delay = UInt64(milliseconds) * 1_000_000 + UInt64(generator.below(1_000_000))
            do {
                total += try await Self.takeOver(options, after: delay)
            } catch {
                throw TestFailure("round \(number), \(options.primaryWords), seed \(TestEnvironment.seed): \(error)")
            }
        }
        guard total >= wanted else { throw TestFailure("only \(total) checkpoints in \(Self.roundsMax) rounds") }
    }

    /// Epochs of more than a thousand pages, some of which the guest drops, maps anew or moves while they are copied.
    @Test("every word is as it was where most is copied before the pause", arguments: Tracker.allCases)
    func preCopied(_ tracker: Tracker) async throws {
        var generator = SeededGenerator(seed: TestEnvironment.seed &* 29)
        let rounds = max(3, Self.checkpointCount / 5000)
        for number in 0..<rounds {
            var options = ReplicationOptions(tracker: tracker, dispatch: .taking(turn: number))
            options.epoch = "60ms"
            options.isAsRemote = number % 2 == 1
            do {
                let delay = UInt64(generator.below(300)) * 1_000_000 + UInt64(generator.below(1_000_000))
                _ = try await Self.takeOver(options, after: delay, preCopiedMin: 1000)
            } catch {
                throw TestFailure("round \(number), seed \(TestEnvironment.seed): \(error)")
            }
        }
    }

    /// A buffer that is closed in the middle of a call has its kernel say EFAULT of what it has given already.
    @Test("a call's answer is whole beside pages that are being copied", arguments: Tracker.allCases)
    func calls(_ tracker: Tracker) async throws {
        let path = try #require(Linkage.static.path(of: "directory_beside_writes"), "run make guests")
        let options = ["--blackhole", "--epoch", "1ms", "--tracker", "\(tracker)"]
        let outcome = try await Understudy.run(Command(path, ["3000"]), options: options).run()
        guard outcome.ending == .exited(0) else { throw TestFailure("not ok", outcome) }
    }

    /// How many checkpoints there were before the takeover. So many pages were copied before a pause until then.
    private static func takeOver(
        _ options: ReplicationOptions, after delay: UInt64, preCopiedMin: Int = 0
    ) async throws -> Int {
        let path = try #require(Linkage.static.path(of: "checked_memory"), "run make guests")
        return try await ReplicatedGuest.with(Command(path, ["0"]), options) { guest in
            try await guest.waitUntilProtected()
            try await waitUntil(preCopiedMin, of: guest.primary.pid)
            try await Task.sleep(nanoseconds: delay)
            guest.killPrimary()
            try await guest.waitForTakeover()
            guest.mirror.send(signal: SIGUSR1)
            try await guest.mirror.waitForOutput("checked 1\n")
            guest.mirror.send(signal: SIGTERM)
            let outcome = try await guest.waitForEnd()
            guard outcome.mirror.ending == .exited(0), outcome.mirror.outputText == "checked 1\nchecked_memory: ok\n"
            else { throw TestFailure("other memory\n\(outcome)") }
            if let line = Understudy.trouble(in: outcome.primary.errorText + outcome.mirror.errorText) {
                throw TestFailure("in trouble: \(line)\n\(outcome)")
            }
            let count = try lastEpoch(outcome.mirror)
            SoakLog.note("memory checked after a takeover", ["checkpoints": count])
            return count
        }
    }

    /// Waits until so many pages were copied before a pause.
    static func waitUntil(_ preCopiedMin: Int, of pid: pid_t) async throws {
        if preCopiedMin == 0 { return }
        let deadline = Date() + 60
        while true {
            let pages = try await Control.status(of: pid)["pages"] as? [String: Any]
            let count = try #require(pages?["pre_copied"] as? Int, "no pages.pre_copied")
            if count >= preCopiedMin { return }
            if Date() > deadline { throw TestFailure("only \(count) pages were copied before a pause in 60 s") }
            try await Task.sleep(nanoseconds: 50_000_000)
        }
    }

    private static func lastEpoch(_ mirror: CommandOutcome) throws -> Int {
        let said = mirror.errorText.components(separatedBy: ReplicatedGuest.takeoverLine)
        guard said.count == 2, let count = Int(said[1].prefix { $0.isNumber }) else {
            throw TestFailure("it does not say at which epoch it took over", mirror)
        }
        return count
    }
}
