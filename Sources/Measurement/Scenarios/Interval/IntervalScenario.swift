/// How much slower programs are that are replicated so many times a second.
struct IntervalScenario: Scenario {
    let name = "interval"
    let summary = "slowdown of programs that wait for nothing, by epochs a second"

    private struct Way {
        var name: String
        /// nil natively and without a mirror.
        var epochsPerSecond: Int?
        var options: [String]?
    }

    private static let roundsShort = 3
    private static let roundsFull = 5

    func estimatedSeconds(_ plan: BenchPlan) -> Double {
        let ways = Double(IntervalScenario.ways(plan).count)
        let rounds = Double(plan.rounds(short: IntervalScenario.roundsShort, full: IntervalScenario.roundsFull))
        let own = plan.pick(short: 5.0, full: 7) * (IntervalScenario.seconds(plan) + 0.7)
        return ways * rounds * (own + IntervalScenario.compileSeconds(plan) * 1.1 + 0.3) + 10
    }

    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult {
        var result = ScenarioResult(name, summary)
        bench.progress.show("how much work there is")
        let workloads = try IntervalScenario.workloads(bench, &result)
        let ways = IntervalScenario.ways(bench.plan)
        let rounds = bench.plan.rounds(short: IntervalScenario.roundsShort, full: IntervalScenario.roundsFull)
        var slowdowns = ResultTable(
            "slowdown, median of \(rounds) rounds", rows: "program",
            columns: ways.enumerated().map { .init($1.name, unit: $0 == 0 ? "s" : "%") })
        var cut = ResultTable(
            "epochs that were cut in a second of its work", rows: "program",
            columns: ways.compactMap { $0.epochsPerSecond == nil ? nil : .init($0.name) })
        var series: [Plot.Series] = []
        for workload in workloads {
            var epochs = ways.map { _ in Samples() }
            let samples = try bench.inTurns(
                Array(ways.indices), rounds: rounds, share: 1 / Double(workloads.count)
            ) {
                "\(workload.name), \(ways[$0].name)"
            } _: { (index) throws(MeasurementError) in
                try IntervalScenario.measure(workload, ways[index], &epochs[index], bench)
            }
            // What the machine did in a round it did to all of that round.
            let percent = samples.map { way in
                Samples(zip(way.values, samples[0].values).map { ($0 / $1 - 1) * 100 })
            }
            slowdowns.add(workload.name, [.measured(samples[0])] + percent.dropFirst().map { .measured($0) })
            cut.add(workload.name, zip(ways, epochs).compactMap { $0.epochsPerSecond == nil ? nil : .measured($1) })
            var points: [Plot.Point] = []
            for (way, found) in zip(ways, percent) {
                guard let rate = way.epochsPerSecond else { continue }
                points.append(Plot.Point(Double(rate), found.median))
                if let reach = IntervalScenario.reach(workload.name, rate, found) { result.reaches.append(reach) }
            }
            series.append(Plot.Series(workload.name, points))
        }
        result.tables = [slowdowns, cut]
        result.plots = [
            Plot(
                "slowdown by epochs a second", horizontal: .init("epochs a second", isLogarithmic: true),
                vertical: .init("slowdown in % of native"), series: series)
        ]
        result.notes = IntervalScenario.notes
        return result
    }

    // MARK: - What is compared

    private static func seconds(_ plan: BenchPlan) -> Double { plan.pick(short: 0.4, full: 1.5) }
    private static func compileSeconds(_ plan: BenchPlan) -> Double { plan.pick(short: 0.8, full: 4) }

    private static func ways(_ plan: BenchPlan) -> [Way] {
        let rates = plan.pick(short: [10, 40, 100], full: [1, 10, 20, 40, 100])
        return [Way(name: "native"), Way(name: "run", options: [])]
            + rates.map {
                Way(
                    name: "\($0)/s", epochsPerSecond: $0,
                    options: ["--mirror", "local", "--epoch", $0 == 1 ? "1s" : "\(1000 / $0)ms"])
            }
    }

    private static func workloads(
        _ bench: Bench, _ result: inout ScenarioResult
    ) throws(MeasurementError) -> [IntervalWorkload] {
        let seconds = seconds(bench.plan)
        var workloads = [
            try IntervalWorkload.loop("int", "int", first: 200_000, seconds, bench),
            try IntervalWorkload.loop("float", "float", first: 500_000, seconds, bench),
        ]
        for pages in bench.plan.pick(short: [1000], full: [100, 1000, 10_000]) {
            workloads.append(try IntervalWorkload.dirtyPages(pages, seconds, bench))
        }
        workloads.append(try IntervalWorkload.disk(seconds, bench))
        workloads.append(try IntervalWorkload.loop("conv/pool", "conv", first: 10, seconds, bench))
        if let compiler = IntervalWorkload.compiler {
            workloads.append(try IntervalWorkload.compile(compiler, compileSeconds(bench.plan), bench))
        } else {
            result.missingPeers.append("compile (cc1): gcc is not installed")
        }
        return workloads
    }

    private static func measure(
        _ workload: IntervalWorkload, _ way: Way, _ epochs: inout Samples, _ bench: Bench
    ) throws(MeasurementError) -> Double {
        guard let options = way.options else { return try workload.seconds([]) }
        if way.epochsPerSecond == nil { return try workload.seconds(bench.run(options, [])) }
        let report = bench.scratch.path("interval-report")
        let prefix = bench.run(options + workload.mirrorOptions + ["--report", report], [])
        let seconds = try workload.seconds(prefix)
        epochs.add(try ReportFigure.first("epochs", of: report) / seconds)
        return seconds
    }

    // MARK: - What came out

    private static func reach(_ workload: String, _ rate: Int, _ percent: Samples) -> Reach? {
        let goals: [String: [Int: Double]] = [
            "int": [10: 1, 100: 3], "float": [10: 1, 100: 3], "compile (cc1)": [40: 20],
        ]
        guard let goal = goals[workload]?[rate] else { return nil }
        return Reach(
            "\(workload), \(rate) epochs/s", goal: "≤ \(Figure.text(goal)) % slower",
            found: "\(Figure.text(percent.median)) %", isReached: percent.median <= goal)
    }

    private static let notes = [
        "The same work natively, as a guest alone, and with a mirror on this machine. Guests of our own say how long "
            + "their work took by their own clock, which goes as the host's; the compiler's time is from its start to "
            + "its end, with what it takes to start and end a pair. Each figure is compared with the native one of its "
            + "round.",
        "Guest, supervisor and mirror share the machine's cores: what the supervisor and the mirror do on another core "
            + "costs a guest with one thread little as long as there is one. An interval in which nothing has changed "
            + "has no epoch. Guests of our own begin to work 0.3 s after their start, when the mirror has the whole "
            + "guest; the time to bring the compiler there is in what is measured.",
        "dirty_page(n) writes to n pages of 4n again and again, without doing anything else; disk writes 8 KiB blocks "
            + "in a volume, with an fsync for each 64 KiB; conv/pool writes 5 MB for each picture.",
    ]
}
