/// What a page costs that is written for the first time in an epoch, and what looking for such pages costs.
struct DirtyScenario: Scenario {
    let name = "dirty"
    let summary = "a page written for the first time in an epoch, by tracker; the search for such pages"

    private struct Way {
        var name: String
        /// nil for the guest by itself.
        var options: [String]?
    }

    private static let trackers = ["kernel", "signal"]

    private static func tracked(by tracker: String) -> [String] {
        ["--blackhole", "--epoch", "1h", "--tracker", tracker]
    }

    private static let ways =
        [Way(name: "native", options: nil), Way(name: "run", options: [])]
        + trackers.map { Way(name: $0, options: tracked(by: $0)) }

    private static let patterns = ["scattered", "together"]
    private static let storedMegabytes = 100
    private static let storedCounts = [1, 100, 10_000]
    private static let scannedCounts = [1, 256]

    private static func sizes(_ plan: BenchPlan) -> [Int] { plan.pick(short: [10, 100, 500], full: [10, 100, 1000]) }
    private static func rounds(_ plan: BenchPlan) -> Int { plan.rounds(short: 1, full: 3) }
    private static func storesPerRun(_ plan: BenchPlan) -> Int { plan.pick(short: 10, full: 30) }

    func estimatedSeconds(_ plan: BenchPlan) -> Double {
        let perRun = Double(DirtyScenario.storesPerRun(plan))
        let stores = DirtyScenario.storedCounts.reduce(0.0) { $0 + 0.8 + perRun * (0.016 + Double($1) * 9e-6) }
        let scans = DirtyScenario.sizes(plan).reduce(0.0) { $0 + 2 * (0.8 + perRun * 0.02 + Double($1) / 300) }
        let both = stores * Double(DirtyScenario.ways.count * DirtyScenario.patterns.count)
        return (both + scans * Double(DirtyScenario.trackers.count)) * Double(DirtyScenario.rounds(plan))
    }

    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult {
        var result = ScenarioResult(name, summary)
        result.tables.append(try stores(bench))
        let (table, plot) = try scans(bench)
        result.tables.append(table)
        result.plots.append(plot)
        result.notes = [
            "A store is the first to its page since the last epoch: the guest measures rounds of them, and an epoch "
                + "is cut after each. Together: the pages are neighbours.",
            "The search is the part of the pause in which dirty pages are found and watched again. Epochs go nowhere "
                + "(--blackhole).",
        ]
        return result
    }

    private func stores(_ bench: Bench) throws(MeasurementError) -> ResultTable {
        let rounds = DirtyScenario.rounds(bench.plan)
        let runs = DirtyScenario.storesPerRun(bench.plan)
        var table = ResultTable(
            "first store to a page, \(DirtyScenario.storedMegabytes) MB resident, median of \(rounds) runs "
                + "(times native)", rows: "pages an epoch",
            columns: DirtyScenario.ways.map { ResultTable.Column($0.name, unit: "ns") })
        let share = 0.6 / Double(DirtyScenario.patterns.count * DirtyScenario.storedCounts.count)
        for pattern in DirtyScenario.patterns {
            for count in DirtyScenario.storedCounts {
                let samples = try bench.inTurns(DirtyScenario.ways, rounds: rounds, share: share) {
                    "\(count) pages \(pattern), \($0.name)"
                } _: { (way) throws(MeasurementError) in
                    let guest = bench.guest(
                        "pages", "\(DirtyScenario.storedMegabytes)", "\(count)", "\(runs)", pattern, "waiting")
                    let words = way.options.map { bench.run($0, guest) } ?? guest
                    return try Bench.number(in: try ChildProcess.output(of: words, secondsMax: 300), of: words)
                }
                table.add(
                    "\(Figure.grouped(count)) \(pattern)",
                    samples.map { .measured($0, ratio: $0.median / samples[0].median) })
            }
        }
        return table
    }

    private func scans(_ bench: Bench) throws(MeasurementError) -> (ResultTable, Plot) {
        let rounds = DirtyScenario.rounds(bench.plan)
        let sizes = DirtyScenario.sizes(bench.plan)
        let runs = DirtyScenario.storesPerRun(bench.plan)
        var table = ResultTable(
            "search for dirty pages, p50 of a run, median of \(rounds) runs", rows: "resident, pages written",
            columns: DirtyScenario.trackers.map { ResultTable.Column($0, unit: "µs") })
        var series = DirtyScenario.trackers.map { Plot.Series($0, []) }
        let share = 0.4 / Double(sizes.count * DirtyScenario.scannedCounts.count)
        for megabytes in sizes {
            for count in DirtyScenario.scannedCounts {
                let samples = try bench.inTurns(DirtyScenario.trackers, rounds: rounds, share: share) {
                    "\(megabytes) MB, \($0)"
                } _: { (tracker) throws(MeasurementError) in
                    let report = bench.scratch.path("dirty.json")
                    let guest = bench.guest("pages", "\(megabytes)", "\(count)", "\(runs)", "scattered", "waiting")
                    let options = DirtyScenario.tracked(by: tracker) + ["--report", report]
                    _ = try ChildProcess.output(of: bench.run(options, guest), secondsMax: 300)
                    return try ReplicationFigures(report: report).pauseStages.scan.p50
                }
                table.add("\(megabytes) MB, \(count)", samples.map { .measured($0) })
                guard count == DirtyScenario.scannedCounts.last else { continue }
                for (index, sample) in samples.enumerated() {
                    series[index].points.append(Plot.Point(Double(megabytes), sample.median))
                }
            }
        }
        let plot = Plot(
            "search for \(DirtyScenario.scannedCounts.last ?? 0) dirty pages",
            horizontal: .init("MB resident", isLogarithmic: true), vertical: .init("µs", isLogarithmic: true),
            series: series)
        return (table, plot)
    }
}
