import Glibc

/// What redis-server does under load: natively, as a guest, replicated, and natively with a replica of its own.
struct RedisScenario: Scenario {
    let name = "redis"
    let summary = "redis-server under load: native, run, replicated, native with a replica and WAIT 1"

    private static let loads = RedisLoad.all

    func estimatedSeconds(_ plan: BenchPlan) -> Double {
        let turn = Double(RedisScenario.loads.count) * (Double(milliseconds(plan)) / 1000 + 0.1) + 1
        return turn * Double(rounds(plan) * RedisWay.allCases.count * places(plan).count)
    }

    private func rounds(_ plan: BenchPlan) -> Int { plan.rounds(short: 2, full: 5) }
    private func milliseconds(_ plan: BenchPlan) -> Int { plan.pick(short: 700, full: 2000) }
    private func places(_ plan: BenchPlan) -> [Bench.Place] { plan.pick(short: [.free], full: [.free, .pinned]) }

    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult {
        var result = ScenarioResult(name, summary)
        guard RedisServer.program != nil else {
            result.missingPeers.append("redis-server is not installed")
            return result
        }
        let rounds = rounds(bench.plan)
        let places = places(bench.plan)
        for place in places {
            var measured = RedisMeasurements(loads: RedisScenario.loads)
            try bench.forEachInTurns(RedisWay.allCases, rounds: rounds, share: 1 / Double(places.count)) {
                "\(place.rawValue), \($0.name)"
            } _: { (way) throws(MeasurementError) in
                try turn(way, place, bench, &measured)
            }
            result.tables += measured.tables(place, rounds: rounds)
            result.plots += measured.plots(place)
            if place == .free { result.reaches += measured.reaches() }
        }
        result.notes += RedisScenario.notes
        return result
    }

    /// All loads, one after the other, with one server.
    private func turn(
        _ way: RedisWay, _ place: Bench.Place, _ bench: Bench, _ measured: inout RedisMeasurements
    ) throws(MeasurementError) {
        let report = bench.scratch.path("report.json")
        let server = try RedisServer(
            bench, prefix: way.prefix(bench, report: report), options: way.options, processor: place.processor)
        defer { server.kill() }
        let replica = way == .replica ? try startReplica(of: server, place, bench) : nil
        defer { replica?.kill() }
        way == .replicated ? try server.waitUntilProtected() : try server.waitUntilServing()
        if replica != nil { try server.waitForReplica() }
        for (index, load) in RedisScenario.loads.enumerated() {
            let before = way == .replicated ? try RedisPipeline(of: server) : nil
            let figures = try load.start(
                bench, port: server.port, milliseconds: milliseconds(bench.plan), waitsForReplica: replica != nil,
                processor: place.processor
            ).figures()
            measured.add(figures, way, load: index)
            if let before { measured.add(try RedisPipeline(of: server).since(before), figures, load: index) }
        }
        try server.end()
        if way == .replicated { measured.add(try ReplicationFigures(report: report)) }
    }

    private func startReplica(
        of server: RedisServer, _ place: Bench.Place, _ bench: Bench
    ) throws(MeasurementError) -> RedisServer {
        let replica = try RedisServer(
            bench, options: ["--replicaof", "127.0.0.1", "\(server.port)"], processor: place.processor)
        try replica.waitUntilServing()
        return replica
    }

    private static let notes = [
        "Clients are connections of one process that sets 10 000 keys to values of 32 to 100 bytes. With a pipeline of "
            + "16 a client sends 16 requests at once and the next 16 when all are answered; latencies are those of "
            + "single requests, from the sending of all to their own answers.",
        "replicated: run --mirror local --failure-timeout 10s, every answer is held until the mirror has its cause. "
            + "replica: a second redis-server follows, and a WAIT 1 behind each request, or behind each 16 of a "
            + "pipeline, says that it has them: a request counts as answered then.",
        "Server, mirror or replica, and the clients share the machine's processors; on one core all share one.",
    ]
}
