import Testing

@testable import Measurement

@Suite("the report as text")
struct TextReportTests {
    private func result(columns: Int) -> ScenarioResult {
        var result = ScenarioResult("syscall", "one call")
        result.tables = [ReportFixture.table(columns: columns)]
        return result
    }

    @Test("figures end below their columns' names")
    func alignment() throws {
        let lines = TextReport(columns: nil).lines(of: result(columns: 3))
        let head = try #require(lines.first { $0.hasPrefix("call") })
        let row = try #require(lines.first { $0.hasPrefix("write") })
        let spread = lines[try #require(lines.firstIndex(of: row)) + 1]
        #expect(head.count == row.count && row.count == spread.count)
        #expect(row.hasSuffix("100 (1.25×)") && spread.hasSuffix("90.0–3600"))
        #expect(lines.last == "-: not installed")
    }

    @Test("no line is wider than the terminal, and no figure is lost", arguments: [20, 40, 80, 200])
    func width(_ columns: Int) {
        var result = result(columns: 9)
        result.notes = [String(repeating: "many words ", count: 30)]
        let lines = TextReport(columns: columns).lines(of: result)
        // A name and one figure are what a table cannot do with less than.
        #expect(lines.allSatisfy { $0.count <= max(columns, 26) }, "\(lines.joined(separator: "\n"))")
        for column in 0..<9 { #expect(lines.contains { $0.contains("way \(column)") }) }
        let figures = lines.filter { $0.hasPrefix("write") }.joined().filter { $0 == "×" }
        #expect(figures.count == 9)
    }

    @Test("a failure is said in place of figures")
    func failure() {
        var result = ScenarioResult("redis", "requests")
        result.failure = "no such program"
        #expect(TextReport(columns: 80).lines(of: result).last == "could not be measured: no such program")
    }

    @Test("goals as a table, and below each other where that is too wide")
    func goals() {
        let reaches = ReportFixture.report().scenarios[0].reaches
        let wide = TextReport(columns: nil).lines(of: reaches)
        #expect(wide[1] == "goals: 1 of 2 reached" && wide.count == 5)
        #expect(wide[4].hasSuffix("no") && wide[3].hasSuffix("yes"))
        let narrow = TextReport(columns: 30).lines(of: reaches)
        #expect(narrow.contains("no: another") && narrow.contains("  goal less, found more"))
        #expect(TextReport(columns: 30).lines(of: [Reach]()).isEmpty)
    }
}
