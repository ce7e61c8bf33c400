import Epochs
import Glibc

/// Bytes and time of a page with each `--compress`, on what five programs write.
struct DeltaScenario: Scenario {
    let name = "delta"
    let summary = "bytes and time of a page by codec, on five recorded workloads"

    private static let codecs: [Compression] = [.off, .xorRuns, .xorLZ4, .lz4, .automatic]

    /// What was measured of one workload: for each codec.
    private struct Measured {
        var bytesPerPage: [Double]
        var encoding: [Samples]
        var decoding: [Samples]
    }

    func estimatedSeconds(_ plan: BenchPlan) -> Double {
        plan.pick(short: 12, full: 30) + Double(plan.rounds(short: 3, full: 9)) * plan.pick(short: 1, full: 4)
    }

    func run(_ bench: Bench) throws(MeasurementError) -> ScenarioResult {
        var result = ScenarioResult(name, summary)
        var names: [String] = []
        var measured: [Measured] = []
        var recorded = ResultTable(
            "what was recorded", rows: "workload",
            columns: [
                .init("an epoch is"), .init("epochs"), .init("pages an epoch"), .init("other bytes an epoch"),
            ])
        let workloads = RecordedWorkload.allCases
        for workload in workloads {
            let share = 1 / Double(workloads.count)
            if let missing = workload.missing {
                result.missingPeers.append("\(workload.rawValue): \(missing)")
                bench.progress.advance(share)
                continue
            }
            bench.progress.show("\(workload.rawValue), recording")
            let recording = try DeltaScenario.record(workload, bench)
            // What a program does first is not what it does.
            let first = max(1, recording.epochs.count / 10)
            let counted = recording.epochs[first...]
            guard !counted.isEmpty else { throw MeasurementError("\(workload.rawValue): too few epochs were recorded") }
            let count = Double(counted.count)
            recorded.add(
                workload.rawValue,
                [
                    .words(workload.step), .number(count),
                    .number(Double(counted.reduce(0) { $0 + $1.pages.count }) / count),
                    .number(Double(counted.reduce(0) { $0 + $1.otherByteCount }) / count),
                ])
            names.append(workload.rawValue)
            measured.append(try DeltaScenario.measure(workload, recording, first, share, bench))
        }
        result.tables.append(recorded)
        DeltaScenario.report(names, measured, bench.plan.rounds(short: 3, full: 9), &result)
        return result
    }

    // MARK: - Measuring

    private static func record(_ workload: RecordedWorkload, _ bench: Bench) throws(MeasurementError) -> PageRecording {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        let file = scratch.path("pages")
        let options = ["--blackhole", "--blackhole-file", file, "--compress", "off", "--epoch", "1h"]
        let guest = try workload.start(bench, options, in: scratch.path)
        let byteCountMax = bench.plan.pick(short: 60 << 20, full: 200 << 20)
        for step in 0..<workload.stepCount(bench.plan) {
            try guest.step(step)
            var status = stat()
            if stat(file, &status) == 0, status.st_size > byteCountMax { break }
        }
        try guest.end()
        return try PageRecording(of: file)
    }

    private static func measure(
        _ workload: RecordedWorkload, _ recording: PageRecording, _ first: Int, _ share: Double, _ bench: Bench
    ) throws(MeasurementError) -> Measured {
        var decoding = codecs.map { _ in Samples() }
        var bytes = codecs.map { _ in 0.0 }
        let encoding = try bench.inTurns(
            Array(codecs.indices), rounds: bench.plan.rounds(short: 3, full: 9), share: share
        ) {
            "\(workload.rawValue), \(codecs[$0].rawValue)"
        } _: { (index) throws(MeasurementError) in
            let run = try CodecRun(codecs[index], recording, countingFrom: first)
            let pages = Double(run.pageCount)
            bytes[index] = Double(run.encodedByteCount) / pages
            decoding[index].add(Double(run.decodingNanoseconds) / pages)
            return Double(run.encodingNanoseconds) / pages
        }
        return Measured(bytesPerPage: bytes, encoding: encoding, decoding: decoding)
    }

    // MARK: - What came out

    private static func report(
        _ names: [String], _ measured: [Measured], _ rounds: Int, _ result: inout ScenarioResult
    ) {
        let columns = { (unit: String) in codecs.map { ResultTable.Column($0.rawValue, unit: unit) } }
        var bytes = ResultTable("bytes of a page with its header (times off)", rows: "workload", columns: columns("B"))
        var encoding = ResultTable(
            "encoding a page, median of \(rounds) rounds (times off)", rows: "workload", columns: columns("ns"))
        var decoding = ResultTable(
            "decoding a page, median of \(rounds) rounds (times off)", rows: "workload", columns: columns("ns"))
        for (name, one) in zip(names, measured) {
            bytes.add(name, one.bytesPerPage.map { .number($0, ratio: $0 / one.bytesPerPage[0]) })
            encoding.add(name, one.encoding.map { .measured($0, ratio: $0.median / one.encoding[0].median) })
            decoding.add(name, one.decoding.map { .measured($0, ratio: $0.median / one.decoding[0].median) })
        }
        result.tables += [bytes, encoding, decoding]
        result.plots = [
            plot("bytes of a page", "bytes", names, measured.map(\.bytesPerPage)),
            plot("encoding a page", "ns", names, measured.map { $0.encoding.map(\.median) }),
            plot("decoding a page", "ns", names, measured.map { $0.decoding.map(\.median) }),
        ]
        result.notes = [
            "Each program ran once under `run --blackhole --compress off`, and its pages were kept, epoch by epoch. "
                + "Every codec then got the same pages, in this process, on one thread: each epoch was encoded as a "
                + "primary does it, decoded as a mirror does it, and what came out was compared with what was "
                + "recorded. The first tenth of the epochs is not counted.",
            "Encoding is with checksums and the copy that later versions are compared with, decoding with the copy of "
                + "the base and the one that waits for the epoch's end; neither is with what the link costs. Other "
                + "bytes are records, the layout, output and file operations, which travel as they are.",
        ]
    }

    private static func plot(_ title: String, _ unit: String, _ names: [String], _ values: [[Double]]) -> Plot {
        Plot(
            title, horizontal: .init("workload"), vertical: .init(unit, isLogarithmic: true),
            series: codecs.enumerated().map { index, codec in
                Plot.Series(
                    codec.rawValue, values.enumerated().map { Plot.Point(Double($0.offset), $0.element[index]) })
            },
            categories: names)
    }
}
