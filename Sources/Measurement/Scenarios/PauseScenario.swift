/// How long a guest stands still for an epoch, and what that is spent on.
struct PauseScenario: Scenario {
    let name = "pause"
    let summary = "how long the guest stands still for an epoch, by pages written and memory resident"

    private struct Case {
        var megabytes: Int
        var dirtyCount: Int
        var isRunning: Bool

        var name: String {
            "\(Figure.grouped(dirtyCount)) of \(megabytes) MB, \(isRunning ? "one running" : "all waiting")"
        }

        func rounds(_ plan: BenchPlan) -> Int {
            let few = dirtyCount >= 100_000 ? 8 : dirtyCount >= 10_000 ? 25 : 100
            return plan.isShort ? max(5, few / 2) : few
        }

        /// With the guest's start and end.
        func seconds(_ plan: BenchPlan) -> Double {
            Double(rounds(plan)) * (0.017 + Double(dirtyCount) * 10e-6) + 0.5 + Double(megabytes) / 500
        }
    }

    private static func cases(_ plan: BenchPlan) -> [Case] {
        let sizes = plan.pick(short: [10, 100, 1000], full: [10, 100, 1000])
        let counts = plan.pick(short: [1, 100, 10_000], full: [1, 10, 100, 1000, 10_000, 100_000])
        return sizes.flatMap { megabytes in
            counts.filter { $0 <= megabytes * 256 }.flatMap { count in
                [false, true].map { Case(megabytes: megabytes, dirtyCount: count, isRunning: $0) }
            }
        }
    }

    func estimatedSeconds(_ plan: BenchPlan) -> Double {
        PauseScenario.cases(plan).reduce(0) { $0 + $1.seconds(plan) } * Double(plan.rounds(short: 1, full: 3))
    }

    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult {
        var result = ScenarioResult(name, summary)
        let cases = PauseScenario.cases(bench.plan)
        let rounds = bench.plan.rounds(short: 1, full: 3)
        let total = estimatedSeconds(bench.plan)
        var figures: [[ReplicationFigures]] = cases.map { _ in [] }
        for round in 1...rounds {
            for (index, one) in cases.enumerated() {
                bench.progress.show("\(one.name), round \(round) of \(rounds)")
                figures[index].append(try PauseScenario.measure(one, bench))
                bench.progress.advance(one.seconds(bench.plan) / total)
            }
        }
        result.tables.append(PauseScenario.table(cases, figures, rounds))
        result.plots.append(PauseScenario.plot(cases, figures))
        result.reaches = PauseScenario.reaches(cases, figures)
        result.notes = [
            "The guest stores to so many pages, scattered over its memory, says one byte, and sleeps: the byte has an "
                + "epoch cut at once where all threads wait, after --max-hold (5 ms) where one runs. The epochs go "
                + "nowhere (--blackhole). Each figure is the median over the rounds of a run's p50, p99 or longest.",
            "Pages before: copied while the guest ran, because the epoch before had many; they take no part in the "
                + "pause. Where all threads wait and output is held, the guest is stopped at once.",
        ]
        return result
    }

    private static func measure(_ one: Case, _ bench: Bench) throws(MeasurementError) -> ReplicationFigures {
        let report = bench.scratch.path("pause.json")
        let guest = bench.guest(
            "pages", "\(one.megabytes)", "\(one.dirtyCount)", "\(one.rounds(bench.plan))", "scattered",
            one.isRunning ? "running" : "waiting")
        let options = ["--blackhole", "--epoch", "1h", "--report", report]
        _ = try ChildProcess.output(of: bench.run(options, guest), secondsMax: 300)
        return try ReplicationFigures(report: report)
    }

    private typealias Choice = KeyPath<ReplicationFigures, Double>

    private static func samples(_ figures: [ReplicationFigures], _ choice: Choice) -> Samples {
        Samples(figures.map { $0[keyPath: choice] })
    }

    private static func table(_ cases: [Case], _ figures: [[ReplicationFigures]], _ rounds: Int) -> ResultTable {
        let choices: [(String, Choice)] = [
            ("pause p50", \.pauseMicroseconds.p50), ("p99", \.pauseMicroseconds.p99),
            ("longest", \.pauseMicroseconds.max), ("stop p50", \.pauseStages.stop.p50),
            ("scan p50", \.pauseStages.scan.p50), ("copy p50", \.pauseStages.copy.p50),
            ("record p50", \.pauseStages.record.p50),
        ]
        var table = ResultTable(
            "pause of an epoch, median of \(rounds) runs", rows: "pages written, resident, threads",
            columns: choices.map { ResultTable.Column($0.0, unit: "µs") } + [
                ResultTable.Column("pages p50"), ResultTable.Column("pages before"),
            ])
        for (one, figures) in zip(cases, figures) {
            let cells = choices.map { ResultTable.Cell.measured(samples(figures, $0.1)) }
            let before = Samples(figures.map { Double($0.preCopiedPages) / Double(max(1, $0.epochs)) })
            table.add(
                one.name,
                cells + [.number(samples(figures, \.dirtyPages.p50).median), .number(before.median)])
        }
        return table
    }

    private static func plot(_ cases: [Case], _ figures: [[ReplicationFigures]]) -> Plot {
        var series: [Plot.Series] = []
        for (one, figures) in zip(cases, figures) {
            let name = "\(one.megabytes) MB, \(one.isRunning ? "one running" : "all waiting")"
            let point = Plot.Point(Double(one.dirtyCount), samples(figures, \.pauseMicroseconds.p50).median)
            if let index = series.firstIndex(where: { $0.name == name }) {
                series[index].points.append(point)
            } else {
                series.append(Plot.Series(name, [point]))
            }
        }
        return Plot(
            "pause against pages written, p50", horizontal: .init("pages written", isLogarithmic: true),
            vertical: .init("µs", isLogarithmic: true), series: series)
    }

    private static func reaches(_ cases: [Case], _ figures: [[ReplicationFigures]]) -> [Reach] {
        var reaches: [Reach] = []
        for (one, figures) in zip(cases, figures) {
            let p50 = samples(figures, \.pauseMicroseconds.p50).median
            let p99 = samples(figures, \.pauseMicroseconds.p99).median
            let what = "pause, \(one.name)"
            if (one.dirtyCount, one.megabytes) == (100, 100) {
                let goal = one.isRunning ? 200.0 : 150
                reaches.append(
                    Reach(
                        what, goal: "p50 \(Int(goal)) µs, p99 500 µs",
                        found: "p50 \(Figure.text(p50)), p99 \(Figure.text(p99)) µs",
                        isReached: p50 <= goal && p99 <= 500))
            } else if (one.dirtyCount, one.megabytes) == (10_000, 1000) {
                reaches.append(
                    Reach(what, goal: "p50 3000 µs", found: "\(Figure.text(p50)) µs", isReached: p50 <= 3000))
            }
        }
        return reaches
    }
}
