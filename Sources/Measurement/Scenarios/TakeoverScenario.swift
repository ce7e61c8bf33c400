/// How soon a mirror goes on, by what befell the primary and what the guest holds.
struct TakeoverScenario: Scenario {
    let name = "takeover"
    let summary = "from SIGKILL, SIGSTOP and a dropped link to the first right answer of redis-server"

    /// What is judged.
    private static let judgedMegabytes = 100

    private struct Measured {
        var milliseconds = Samples()
        var usedBytes = Samples()
    }

    func estimatedSeconds(_ plan: BenchPlan) -> Double {
        let round = sizes(plan).reduce(0.0) { $0 + 1.5 + 0.008 * Double($1) }
        return Double(rounds(plan) * TakeoverEvent.allCases.count) * round
    }

    private func rounds(_ plan: BenchPlan) -> Int { plan.rounds(short: 4, full: 30) }
    private func sizes(_ plan: BenchPlan) -> [Int] { plan.pick(short: [10, 100], full: [10, 100, 1000]) }

    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult {
        var result = ScenarioResult(name, summary)
        guard RedisServer.program != nil else {
            result.missingPeers.append("redis-server is not installed")
            return result
        }
        var events = TakeoverEvent.allCases
        if !OtherMachine.isAllowed(bench) {
            events.removeAll { $0 == .linkDropped }
            result.missingPeers.append(
                "a dropped link: the kernel allows this user no network of one's own (unshare -n)")
        }
        let takeovers = events.flatMap { event in
            sizes(bench.plan).map { Takeover(event: event, megabytes: $0) }
        }
        var measured = takeovers.map { _ in Measured() }
        var parted = 0
        try bench.forEachInTurns(Array(takeovers.enumerated()), rounds: rounds(bench.plan), share: 1) {
            $0.element.name
        } _: { (turn) throws(MeasurementError) in
            let outcome = try turn.element.measure(bench, parted: &parted)
            measured[turn.offset].milliseconds.add(outcome.milliseconds)
            measured[turn.offset].usedBytes.add(outcome.usedBytes)
        }
        add(Array(zip(takeovers, measured)), to: &result, rounds: rounds(bench.plan))
        result.notes += TakeoverScenario.notes
        if parted > 0 {
            result.notes.append(
                "\(parted) pairs parted by themselves before anything was done to them, and were started anew: on a "
                    + "busy machine the failure timeout of \(Int(TakeoverPair.failureTimeoutMilliseconds)) ms is short."
            )
        }
        return result
    }

    private func add(_ measured: [(Takeover, Measured)], to result: inout ScenarioResult, rounds: Int) {
        var table = ResultTable(
            "time to the first right answer, \(rounds) round\(rounds == 1 ? "" : "s")",
            rows: "what, and what redis holds",
            columns: [
                .init("p50", unit: "ms"), .init("p99", unit: "ms"), .init("max", unit: "ms"),
                .init("redis uses", unit: "MB"),
            ])
        var series = TakeoverEvent.allCases.map { Plot.Series($0.name, []) }
        for (takeover, figures) in measured {
            let times = figures.milliseconds
            let used = figures.usedBytes.median / 1e6
            table.add(
                takeover.name,
                [.measured(times), .number(times.quantile(0.99)), .number(times.high), .number(used)])
            if let index = TakeoverEvent.allCases.firstIndex(of: takeover.event) {
                series[index].points.append(Plot.Point(used, times.median))
            }
            if takeover.megabytes == TakeoverScenario.judgedMegabytes {
                result.reaches += reaches(takeover, times)
            }
        }
        result.tables.append(table)
        result.plots.append(
            Plot(
                "time to the first right answer, median",
                horizontal: .init("redis uses, MB", isLogarithmic: true),
                vertical: .init("ms", isLogarithmic: true), series: series.filter { !$0.points.isEmpty }))
    }

    private func reaches(_ takeover: Takeover, _ times: Samples) -> [Reach] {
        func reach(_ quantile: String, _ found: Double, goal: String, most: Double) -> Reach {
            Reach(
                "\(takeover.name), \(quantile)", goal: goal, found: "\(Figure.text(found)) ms",
                isReached: found <= most)
        }
        if takeover.event.isNoticedByTimeout {
            let most = TakeoverPair.failureTimeoutMilliseconds + 30
            let goal = "the timeout of \(Figure.text(TakeoverPair.failureTimeoutMilliseconds)) ms + 30 ms"
            return [reach("p50", times.median, goal: goal, most: most)]
        }
        return [
            reach("p50", times.median, goal: "5 ms", most: 5),
            reach("p99", times.quantile(0.99), goal: "20 ms", most: 20),
        ]
    }

    private static let notes = [
        "A client asks on fresh connections for the key that was set last until one answers rightly twice; the first "
            + "of the two counts. Then all keys have to be there. With fewer than 100 rounds p99 is the maximum.",
        "SIGKILL and SIGSTOP: run --mirror local. The mirror sees a death at once. A primary that is stopped is silent "
            + "for --failure-timeout 100ms, and is killed before the mirror goes on.",
        "Dropped link: the mirror runs in a network namespace of its own, and both sides behave as if on two machines "
            + "(--test-as-remote): no shared page, no listeners handed over, and the primary lives on, unable to say "
            + "anything. A relay passes on the link until it drops, and the client's connections to the mirror's side, "
            + "which are refused there until the mirror listens. A client that is refused tries again after 1 ms.",
    ]
}
