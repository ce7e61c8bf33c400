import Glibc

/// What a replicated redis-server takes on both sides: memory, processor time, the link.
struct FootprintScenario: Scenario {
    let name = "footprint"
    let summary = "memory of both sides, processor time and bytes of the link, idle and under load"

    private static let load = RedisLoad(clients: 50, pipeline: 1)

    private struct Turn {
        var way: FootprintWay
        var megabytes: Int
    }

    func estimatedSeconds(_ plan: BenchPlan) -> Double {
        let windows = Double(idleMilliseconds(plan) + loadMilliseconds(plan)) / 1000
        let round = sizes(plan).reduce(0.0) { $0 + windows + 2 + 0.008 * Double($1) }
        return round * Double(FootprintWay.allCases.count * rounds(plan))
    }

    private func rounds(_ plan: BenchPlan) -> Int { plan.rounds(short: 1, full: 3) }
    private func sizes(_ plan: BenchPlan) -> [Int] { plan.pick(short: [10, 100], full: [10, 100, 1000]) }
    private func idleMilliseconds(_ plan: BenchPlan) -> Int { plan.pick(short: 1500, full: 4000) }
    private func loadMilliseconds(_ plan: BenchPlan) -> Int { plan.pick(short: 2500, full: 5000) }

    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult {
        var result = ScenarioResult(name, summary)
        guard RedisServer.program != nil else {
            result.missingPeers.append("redis-server is not installed")
            return result
        }
        let sizes = sizes(bench.plan)
        let turns = sizes.flatMap { megabytes in
            FootprintWay.allCases.map { Turn(way: $0, megabytes: megabytes) }
        }
        var measured = FootprintMeasurements()
        try bench.forEachInTurns(turns, rounds: rounds(bench.plan), share: 1) {
            "\($0.way.name), \(RedisContents(megabytes: $0.megabytes).name)"
        } _: { (turn) throws(MeasurementError) in
            try measure(turn, bench, &measured)
        }
        result.tables = measured.tables(sizes, rounds: rounds(bench.plan))
        result.plots = [measured.plot(sizes)]
        result.reaches = sizes.map(measured.reach)
        result.notes += FootprintScenario.notes
        return result
    }

    private func measure(
        _ turn: Turn, _ bench: Bench, _ measured: inout FootprintMeasurements
    ) throws(MeasurementError) {
        let server = try RedisServer(bench, prefix: turn.way.prefix(bench), options: RedisContents.options)
        defer { server.kill() }
        turn.way.isReplicated ? try server.waitUntilProtected() : try server.waitUntilServing()
        _ = try RedisContents(megabytes: turn.megabytes).fill(server)
        let probe = try FootprintProbe(server, isReplicated: turn.way.isReplicated)

        var start = try probe.moment()
        usleep(useconds_t(idleMilliseconds(bench.plan)) * 1000)
        measured.add(try probe.use(since: start), turn.way, turn.megabytes, .idle)
        measured.add(try probe.memory(), turn.way, turn.megabytes, .idle)

        start = try probe.moment()
        let milliseconds = loadMilliseconds(bench.plan)
        let load = try FootprintScenario.load.start(bench, port: server.port, milliseconds: milliseconds)
        // Near its end, and not at it: what waits for the link is there.
        usleep(useconds_t(milliseconds) * 900)
        measured.add(try probe.memory(), turn.way, turn.megabytes, .loaded)
        let figures = try load.figures()
        measured.add(try probe.use(since: start), turn.way, turn.megabytes, .loaded)
        measured.add([.requests: figures.requestsPerSecond], turn.way, turn.megabytes, .loaded)
        try server.end()
    }

    private static let notes = [
        "Memory is each process's own pages and its part of shared ones (Pss of /proc/PID/smaps_rollup). Beyond native "
            + "is what the primary has more than a redis-server without Understudy that was given the same; the delta "
            + "cache (--delta-cache 128M, filled as pages are written) is what a primary started with --delta-cache 0 "
            + "has less.",
        "Under load: \(load.clients) clients set keys as fast as they can. A native server answers more requests in "
            + "that time than a replicated one, so processor time and bytes are best read beside the requests.",
        "The goal leaves out what the delta cache really holds, and what waits for the link when it is looked at "
            + "(--queue-limit 64M would be the most).",
    ]
}
