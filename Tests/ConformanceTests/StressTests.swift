import TestSupport
import Testing

/// Stressors of stress-ng, which check what they do: those that pass natively pass as guests. `make conformance` runs
/// all of the list.
@Suite("stress-ng", .startsGuests)
struct StressTests {
    @Test("stressors as natively", arguments: ["fork", "futex", "memfd", "sigfd"])
    func stressor(_ name: String) async throws {
        let total = try await ConformanceScript(name: "stress-ng", options: [name]).run()
        try #require(total["stressors"] == 1, "\(total)")
    }

    @Test("the comparison sees what differs")
    func selfTest() async throws {
        try await ConformanceScript(name: "stress-ng").selfTest()
    }
}
