import TestSupport
import Testing

/// Stressors of stress-ng, which check what they do: those that pass natively pass as guests.
@Suite("stress-ng", .startsGuests)
struct StressTests {
    @Test("the comparison sees what differs")
    func selfTest() async throws {
        let outcome = try await Command("\(ConformanceScript.directory)/stress-ng", ["--self-test"]).run()
        try #require(outcome.ending == .exited(0), "\(outcome)")
    }

    @Test("every stressor as natively", .enabled(if: ConformanceScript.isWhole))
    func stressors() async throws {
        let figures = try await ConformanceScript(name: "stress-ng", timeoutSeconds: 3600).run()
        SoakLog.note(
            "stressors of stress-ng",
            ["stressors": figures["stressors"] ?? 0, "operations": figures["operations"] ?? 0])
    }
}
