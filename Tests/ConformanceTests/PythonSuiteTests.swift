import TestSupport
import Testing

/// Python's own test suite, case by case: what passes natively passes as a guest. `make conformance` runs all of it.
@Suite("Python's own tests", .startsGuests)
struct PythonSuiteTests {
    @Test("every case of the fast modules as natively")
    func suite() async throws {
        let list = "\(ConformanceScript.directory)/python-fast.txt"
        let total = try await ConformanceScript(name: "python-suite", options: ["--list", list]).run()
        // Modules that are not found, or whose cases are all left out, would agree, too.
        try #require(total["passed inside"] ?? 0 > 500, "\(total)")
    }

    @Test("the comparison sees what differs")
    func selfTest() async throws {
        try await ConformanceScript(name: "python-suite").selfTest()
    }
}
