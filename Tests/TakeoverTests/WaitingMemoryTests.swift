import Foundation
import TestSupport
import Testing

/// Memory of a guest that waits whenever an epoch is cut: its pages are copied before it is stopped, and not looked for
/// again where it was not woken meanwhile.
///
/// `UNDERSTUDY_CHECKPOINTS` makes more rounds: one for each five thousand.
@Suite("memory of a guest that waits", .startsGuests)
struct WaitingMemoryTests {
    private static let script = TestEnvironment.packageRoot + "/Tests/TakeoverTests/scripts/rounds.py"
    private static let rounds = max(
        3, (Int(ProcessInfo.processInfo.environment["UNDERSTUDY_CHECKPOINTS"] ?? "") ?? 0) / 5000)

    @Test("every page is as it was", arguments: Tracker.allCases)
    func pages(_ tracker: Tracker) async throws {
        var generator = SeededGenerator(seed: TestEnvironment.seed &* 31)
        for number in 0..<Self.rounds {
            var options = ReplicationOptions(tracker: tracker, dispatch: .taking(turn: number))
            // Not by the timer, or often in the middle of a round.
            options.epoch = number % 3 == 2 ? "5ms" : "10s"
            options.isAsRemote = number % 2 == 1
            do {
                try await Self.takeOver(options, after: UInt64(generator.below(400_000_000)))
            } catch {
                throw TestFailure("round \(number), seed \(TestEnvironment.seed): \(error)")
            }
        }
    }

    private static func takeOver(_ options: ReplicationOptions, after delay: UInt64) async throws {
        let guest = Command("/usr/bin/python3", [script])
        try await ReplicatedGuest.with(guest, options) { guest in
            try await guest.waitUntilProtected()
            try await MemoryTakeoverTests.waitUntil(2000, of: guest.primary.pid)
            try await Task.sleep(nanoseconds: delay)
            guest.killPrimary()
            try await guest.waitForTakeover()
            let last = guest.primary.outputText.split(separator: "\n").last?.dropFirst("round ".count)
            let next = try #require(last.flatMap { Int($0) }) + 3
            try await guest.mirror.waitForOutput("round \(next)\n")
        }
    }
}
