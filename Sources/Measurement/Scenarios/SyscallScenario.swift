/// What one system call costs: natively, from a rewritten site, by the signal path, traced, and by strace.
struct SyscallScenario: Scenario {
    let name = "syscall"
    let summary = "one system call: native, rewritten, by signal, traced, under strace"

    private static let calls = ["getppid", "getuid", "access", "write", "read", "clock_gettime"]
    private static let nativeName = "native"

    private struct Way {
        var name: String
        /// What stands before the guest's words.
        var prefix: [String]
        /// A signal or a stop for each call takes longer: fewer do.
        var count: Int
    }

    func estimatedSeconds(_ plan: BenchPlan) -> Double {
        Double(plan.rounds(short: 3, full: 9)) * 6 * 2 * 0.95
    }

    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult {
        var result = ScenarioResult(name, summary)
        let ways = ways(bench, &result)
        let rounds = bench.plan.rounds(short: 3, full: 9)
        let share = 1 / Double(Bench.Place.allCases.count * SyscallScenario.calls.count)
        for place in Bench.Place.allCases {
            var table = ResultTable(
                "one call, \(place.rawValue), median of \(rounds) rounds (times native)", rows: "call",
                columns: ways.map { ResultTable.Column($0.name, unit: "ns") })
            var plotted: [[Plot.Point]] = ways.map { _ in [] }
            for (index, call) in SyscallScenario.calls.enumerated() {
                let samples = try bench.inTurns(ways, rounds: rounds, share: share) {
                    "\(call), \($0.name)"
                } _: {
                    (way) throws(MeasurementError) in
                    try SyscallScenario.nanoseconds(of: call, way, place, bench)
                }
                let native = samples[0].median
                table.add(call, samples.map { .measured($0, ratio: $0.median / native) })
                for (way, sample) in samples.enumerated() {
                    plotted[way].append(Plot.Point(Double(index), sample.median))
                }
                if let reach = SyscallScenario.reach(call, place, native: native, rewritten: samples[1].median) {
                    result.reaches.append(reach)
                }
            }
            result.tables.append(table)
            result.plots.append(
                Plot(
                    "one call, \(place.rawValue)", horizontal: .init("call"),
                    vertical: .init("ns", isLogarithmic: true),
                    series: zip(ways, plotted).map { Plot.Series($0.name, $1) },
                    categories: SyscallScenario.calls))
        }
        result.notes.append(
            "Calls are made in a loop by a guest that reads the clock before and after. getppid and clock_gettime are "
                + "answered without the kernel from rewritten sites; the others are passed on.")
        return result
    }

    private func ways(_ bench: Bench, _ result: inout ScenarioResult) -> [Way] {
        let run = { (options: [String]) in [bench.understudy, "run"] + options + ["--"] }
        var ways = [
            Way(name: SyscallScenario.nativeName, prefix: [], count: 200_000),
            Way(name: "rewritten", prefix: run([]), count: 200_000),
        ]
        for dispatch in Bench.dispatches {
            ways.append(
                Way(name: dispatch, prefix: run(["--no-rewrite", "--dispatch", dispatch]), count: 40_000))
        }
        let trace = bench.scratch.path("trace")
        ways.append(Way(name: "traced", prefix: [bench.understudy, "trace", "-o", trace, "--"], count: 40_000))
        if let strace = HostPrograms.path(of: "strace") {
            ways.append(Way(name: "strace", prefix: [strace, "-f", "-o", trace], count: 4_000))
        } else {
            result.missingPeers.append("strace is not installed")
        }
        return ways
    }

    private static func nanoseconds(
        of call: String, _ way: Way, _ place: Bench.Place, _ bench: Bench
    ) throws(MeasurementError) -> Double {
        let words = way.prefix + bench.guest("calls", call, "\(way.count)")
        return try Bench.number(
            in: try ChildProcess.output(of: words, processor: place.processor, secondsMax: 120), of: words)
    }

    private static func reach(_ call: String, _ place: Bench.Place, native: Double, rewritten: Double) -> Reach? {
        let found = "\(Figure.text(rewritten)) ns, native \(Figure.text(native))"
        let what = "\(call), rewritten, \(place.rawValue)"
        switch call {
        case "getppid":
            return Reach(what, goal: "half of native", found: found, isReached: rewritten <= native / 2)
        case "write":
            return Reach(what, goal: "native + 100 ns", found: found, isReached: rewritten <= native + 100)
        case "clock_gettime":
            return Reach(what, goal: "2 × native", found: found, isReached: rewritten <= 2 * native)
        default: return nil
        }
    }
}
