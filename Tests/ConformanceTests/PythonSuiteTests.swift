import TestSupport
import Testing

/// Python's own test suite, case by case: what passes natively passes as a guest.
@Suite("Python's own tests", .startsGuests)
struct PythonSuiteTests {
    private static let list = ConformanceScript.isWhole ? "python-modules.txt" : "python-fast.txt"

    @Test("every case as natively")
    func suite() async throws {
        let script = ConformanceScript(
            name: "python-suite", options: ["--list", "\(ConformanceScript.directory)/\(PythonSuiteTests.list)"],
            timeoutSeconds: ConformanceScript.isWhole ? 3600 : 240)
        let figures = try await script.run()
        let passedInside = try #require(figures["passed inside"])
        // A suite that was not found passes, too.
        try #require(passedInside > 500, "\(figures)")
        SoakLog.note(
            "Python's own tests", ["modules": figures["modules"] ?? 0, "cases that pass as natively": passedInside])
    }

    @Test("the comparison sees what differs")
    func selfTest() async throws {
        let outcome = try await Command("\(ConformanceScript.directory)/python-suite", ["--self-test"]).run()
        try #require(outcome.ending == .exited(0), "\(outcome)")
    }
}
