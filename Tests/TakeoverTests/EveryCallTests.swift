import Foundation
import TestSupport
import Testing

/// The programs of guest-examples, taken over after their first call, after their second, and so on, and once they are
/// in their first wait, their second, and so on (`run --test-fault call:N`, `wait:N`). What comes out of both sides
/// together is always what it is natively.
///
/// After one of a program's calls, which the seed chooses, and in its first wait. With `UNDERSTUDY_CALLS` after each
/// single call of those that make so many at most, after a fifth as many of the others' calls, and in as many waits.
@Suite("taken over after each call, and in each wait", .startsGuests)
struct EveryCallTests {
    private static let callsMax = max(1, Int(ProcessInfo.processInfo.environment["UNDERSTUDY_CALLS"] ?? "") ?? 1)
    private static let sampleCount = max(1, callsMax / 5)
    private static let cases = TakeoverCase.afterCalls.filter {
        exceptions[$0.entry.name] == nil && (callsMax > 1 || $0.linkage == .static)
    }
    /// What a program looks at between two calls, and what a takeover right there changes.
    private static let exceptions = [
        "epoll_rules": "an edge is told once more after a takeover",
        "identity": "on which processors a thread may run is not brought along",
        "pipes": "how bytes lie in the pages of a full pipe is not brought along: when it takes more may differ",
    ]
    /// A takeover that comes so early comes in any case: later calls may be answered without leaving the guest.
    private static let certainCalls = 10

    @Test("after a call: as natively", arguments: cases)
    func call(_ run: TakeoverCase) async throws {
        let native = try await NativeRuns.shared.outcome(of: run.command)
        let callCount = try await EveryCallTests.callCount(of: run)
        var takeovers = 0
        for number in EveryCallTests.chosen(of: callCount, run) {
            let didTakeOver = try await EveryCallTests.takeOver(run, "call:\(number)", native)
            takeovers += didTakeOver ? 1 : 0
            if !didTakeOver, number <= min(EveryCallTests.certainCalls, callCount / 2) {
                throw TestFailure("\(run.testDescription): no takeover after call \(number) of \(callCount)")
            }
        }
        #expect(takeovers > 0 || EveryCallTests.callsMax == 1, "\(run.testDescription)")
        SoakLog.note("guest program, taken over after a call", ["takeovers": takeovers])
    }

    @Test("in a wait: as natively", arguments: cases)
    func wait(_ run: TakeoverCase) async throws {
        let native = try await NativeRuns.shared.outcome(of: run.command)
        for number in 1...EveryCallTests.sampleCount {
            guard try await EveryCallTests.takeOver(run, "wait:\(number)", native) else { return }
            SoakLog.note("guest program, taken over in a wait", ["takeovers": 1])
        }
    }

    /// The numbers of calls, in order.
    private static func chosen(of callCount: Int, _ run: TakeoverCase) -> [Int] {
        if callCount <= callsMax { return Array(1...callCount) }
        var generator = SeededGenerator(seed: TestEnvironment.seed &* 7_919 &+ UInt64(run.turn))
        var numbers: Set<Int> = callsMax > 1 ? [1 + generator.below(certainCalls)] : []
        while numbers.count < sampleCount { numbers.insert(1 + generator.below(callCount)) }
        return numbers.sorted()
    }

    /// How many calls a program makes, by the report of a run alone.
    private static func callCount(of run: TakeoverCase) async throws -> Int {
        try await ScratchDirectory.with { scratch in
            let report = scratch.file("report.json")
            let outcome = try await Understudy.run(run.command, options: ["--report", report]).run()
            let json = try JSONSerialization.jsonObject(with: Data(scratch.read("report.json"))) as? [String: Any]
            guard let total = (json?["syscalls"] as? [String: Any])?["total"] as? Int, total > 0 else {
                throw TestFailure("no number of calls in the report", outcome)
            }
            return total
        }
    }

    /// Whether the mirror took over; throws unless both sides together did what the program does natively.
    private static func takeOver(_ run: TakeoverCase, _ fault: String, _ native: CommandOutcome) async throws -> Bool {
        var options = run.options
        options.primaryWords += ["--test-fault", fault]
        let outcome = try await ReplicatedGuest.with(run.command, options) { try await $0.waitForEnd() }
        do {
            if outcome.didTakeOver {
                try outcome.requireSame(as: native)
            } else {
                try outcome.primary.requireSame(as: native)
            }
        } catch {
            throw TestFailure("\(run.testDescription), --test-fault \(fault): \(error)")
        }
        return outcome.didTakeOver
    }
}
