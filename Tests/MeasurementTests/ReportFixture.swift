import Measurement

/// A report with all that a scenario can find, and names that would do harm in a page.
enum ReportFixture {
    static let hostile = "<b>&\"' \u{7}]]>"

    static func table(columns: Int) -> ResultTable {
        var table = ResultTable(
            "one call \(hostile)", rows: "call", columns: (0..<columns).map { .init("way \($0)", unit: "ns") })
        table.add("write", (0..<columns).map { .measured(Samples([100, 90, 1200 * Double($0 + 1)]), ratio: 1.25) })
        table.add("odd", [.words("words"), .missing("not installed")] + (2..<columns).map { .number(Double($0)) })
        return table
    }

    static func bars(_ values: [[Double]], isLogarithmic: Bool = true) -> Plot {
        Plot(
            "bars", horizontal: .init("call"), vertical: .init("ns", isLogarithmic: isLogarithmic),
            series: values.enumerated().map { index, values in
                .init("way \(index)", values.enumerated().map { .init(Double($0), $1) })
            },
            categories: (0..<(values.map(\.count).max() ?? 0)).map { "category \($0)" })
    }

    static func lines(_ points: [[(Double, Double)]], isLogarithmic: Bool = false) -> Plot {
        Plot(
            "lines", horizontal: .init("pages", isLogarithmic: isLogarithmic),
            vertical: .init("µs", isLogarithmic: isLogarithmic),
            series: points.enumerated().map { index, points in .init("series \(index)", points.map { .init($0, $1) }) })
    }

    static func report() -> BenchReport {
        var report = BenchReport(
            understudy: "1.2.3", started: "2026-11-29T06:50:00.123Z", plan: BenchPlan(isShort: true, rounds: 2),
            machine: MachineFacts())
        var first = ScenarioResult("syscall", "one call \(hostile)")
        first.notes = ["a note \(hostile)", "another"]
        first.missingPeers = ["strace \(hostile)"]
        first.tables = [table(columns: 3)]
        first.plots = [bars([[10, 20], [1000, .nan]]), lines([[(1, 2), (10, 30)], [(1, 5), (10, 8)]])]
        first.plots[0].title = "plot \(hostile)"
        first.reaches = [
            Reach("what \(hostile)", goal: "goal \(hostile)", found: "found \(hostile)", isReached: true),
            Reach("another", goal: "less", found: "more", isReached: false),
        ]
        var second = ScenarioResult("redis", "requests")
        second.failure = "redis-server ended \(hostile)"
        report.scenarios = [first, second]
        return report
    }
}
