/// `dd bs=1`, a whole program of two calls a byte: natively, as a guest, and traced, beside strace.
struct CopyByBytes {
    private struct Way {
        var name: String
        var prefix: [String]
        /// strace stops dd at each call: it is given fewer.
        var bytes: Int
    }

    private static let nativeName = "native"
    private static let runName = "run"
    private static let traceName = "trace"
    private static let straceName = "strace"

    private let bench: Bench
    private let program: String
    private let ways: [Way]
    private let rounds: Int

    /// nil where there is no dd, which is then said in the result.
    init?(_ bench: Bench, rounds: Int, _ result: inout ScenarioResult) {
        guard let program = HostPrograms.path(of: "dd") else {
            result.missingPeers.append("dd is not installed")
            return nil
        }
        self.bench = bench
        self.program = program
        self.rounds = rounds
        ways = CopyByBytes.ways(bench)
    }

    private static func ways(_ bench: Bench) -> [Way] {
        let output = bench.scratch.path("trace")
        let trace = { (options: [String]) in [bench.understudy, "trace"] + options + ["-o", output, "--"] }
        // Starting a guest takes some ten milliseconds: little beside so many bytes.
        let many = bench.plan.pick(short: 512_000, full: 1_000_000)
        var ways = [
            Way(name: nativeName, prefix: [], bytes: many),
            Way(name: runName, prefix: [bench.understudy, "run", "--"], bytes: many),
            Way(name: "trace -c", prefix: trace(["-c"]), bytes: many),
            Way(name: traceName, prefix: trace([]), bytes: many),
            Way(name: "trace --json", prefix: trace(["--json"]), bytes: many),
        ]
        if let strace = HostPrograms.path(of: straceName) {
            let few = bench.plan.pick(short: 10_000, full: 40_000)
            ways.append(Way(name: straceName, prefix: [strace, "-f", "-o", output], bytes: few))
        }
        return ways
    }

    /// Adds a row a place, and what was to be reached. `share` is how much of the scenario this is.
    func measure(share: Double, into result: inout ScenarioResult) throws(MeasurementError) {
        var table = ResultTable(
            "dd bs=1, the whole run by byte, median of \(Figure.counted(rounds, "round")) (times native)", rows: "dd",
            columns: ways.map { ResultTable.Column($0.name, unit: "ns") })
        for place in Bench.Place.allCases {
            let samples = try bench.inTurns(ways, rounds: rounds, share: share / 2) {
                "dd bs=1, \($0.name)"
            } _: {
                (way) throws(MeasurementError) in
                try nanoseconds(way, place)
            }
            table.add(place.rawValue, samples.map { .measured($0, ratio: $0.median / samples[0].median) })
            result.reaches += reaches(place, samples.map(\.median))
        }
        result.tables.append(table)
        let other = ways.first { $0.bytes != ways[0].bytes }
        let few = other.map { " (\(Figure.grouped($0.bytes)) under \($0.name))" } ?? ""
        result.notes.append(
            "dd copies \(Figure.grouped(ways[0].bytes)) bytes\(few) from /dev/zero to /dev/null, a read and a write "
                + "for each. The time is that of the whole run, from its start to its end, divided by the bytes. "
                + "Traces go to a file.")
    }

    private func nanoseconds(_ way: Way, _ place: Bench.Place) throws(MeasurementError) -> Double {
        let words = [program, "bs=1", "count=\(way.bytes)", "if=/dev/zero", "of=/dev/null", "status=none"]
        return try ChildProcess.seconds(of: way.prefix + words, processor: place.processor) * 1e9 / Double(way.bytes)
    }

    private func reaches(_ place: Bench.Place, _ medians: [Double]) -> [Reach] {
        let median = { (name: String) in ways.firstIndex { $0.name == name }.map { medians[$0] } }
        guard let native = median(CopyByBytes.nativeName) else { return [] }
        var reaches: [Reach] = []
        for (name, goal, limit) in [
            (CopyByBytes.runName, "1.6 × native", 1.6), (CopyByBytes.traceName, "4 × native", 4),
        ] {
            guard let ratio = median(name).map({ $0 / native }) else { continue }
            reaches.append(
                Reach(
                    "dd bs=1, \(name), \(place.rawValue)", goal: goal, found: "\(Figure.ratio(ratio)) ×",
                    isReached: ratio <= limit))
        }
        if place == .pinned, let trace = median(CopyByBytes.traceName), let strace = median(CopyByBytes.straceName) {
            reaches.append(
                Reach(
                    "dd bs=1, \(CopyByBytes.traceName) beside strace, \(place.rawValue)",
                    goal: "15 times as fast", found: "\(Figure.ratio(strace / trace)) times",
                    isReached: strace / trace >= 15))
        }
        return reaches
    }
}
