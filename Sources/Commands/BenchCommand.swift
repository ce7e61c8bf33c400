import ArgumentParser
import FoundationEssentials
import Glibc
import Measurement
import Supervisor
import Tracing

/// `understudy bench`: measures what running and replicating a guest costs, beside what else there is.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what it costs, beside what else there is.",
        usage: "understudy bench [SCENARIO…] [options]",
        discussion: """
            All scenarios when none is named:

            \(ScenarioList.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

            What is compared runs in turns, in one invocation: medians are printed, below each how far the rounds lie \
            apart. Figures of a busy machine say little.
            """)

    @Argument(help: ArgumentHelp("What to measure.", valueName: "SCENARIO"))
    var scenarios: [String] = []

    @Flag(help: "Fewer rounds and smaller guests: all scenarios in ten minutes.")
    var short = false

    @Option(help: ArgumentHelp("How often each way is measured, in place of each scenario's own number.", valueName: "n"))
    var rounds: Int?

    @Option(name: .customLong("json"), help: ArgumentHelp("Write all figures to FILE, as JSON.", valueName: "FILE"))
    var jsonFile: String?

    @Option(
        name: .customLong("html"),
        help: ArgumentHelp("Write a page with tables and plots to FILE.", valueName: "FILE"))
    var htmlFile: String?

    @Flag(help: "Say nothing on standard error while measuring.")
    var quiet = false

    func validate() throws {
        for name in scenarios where ScenarioList.named(name) == nil {
            let names = ScenarioList.all.map(\.name)
            let near = NearestNames.of(name, among: names).first
            let advice = near.map { "; did you mean \($0)?" } ?? ": there are \(names.joined(separator: ", "))"
            throw ValidationError("bench has no scenario \(name)\(advice)")
        }
        if let rounds, !(1...1000).contains(rounds) { throw ValidationError("--rounds \(rounds): 1 to 1000") }
    }

    func run() throws {
        do {
            try measure()
        } catch let error as MeasurementError {
            throw SupervisorError(.failed, "bench: \(error.message)")
        }
    }

    private func measure() throws {
        // Before an hour is spent: they can be written.
        let (json, html) = (try jsonFile.map(ResultFile.init), try htmlFile.map(ResultFile.init))
        ProcessesLeft.killWhenInterrupted()
        let chosen =
            scenarios.isEmpty ? ScenarioList.all : ScenarioList.all.filter { scenarios.contains($0.name) }
        let progress = Progress(isQuiet: quiet)
        let bench = try Bench(BenchPlan(isShort: short, rounds: rounds), progress)
        defer { bench.scratch.remove() }
        var report = BenchReport(
            understudy: understudyVersion, started: Timestamp.now().text, plan: bench.plan, machine: MachineFacts())
        let start = ContinuousClock.now
        for line in TextReport.lines(of: report.machine) { print(line) }
        for scenario in chosen { progress.expect(scenario.name, seconds: scenario.estimatedSeconds(bench.plan)) }
        for scenario in chosen {
            progress.beginNext()
            let began = ContinuousClock.now
            var result = try scenario.run(bench)
            result.seconds = (ContinuousClock.now - began) / .seconds(1)
            progress.endCurrent()
            for line in TextReport.lines(of: result) { print(line) }
            fflush(nil)
            report.scenarios.append(result)
        }
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        for line in TextReport.lines(of: report.scenarios.flatMap(\.reaches)) { print(line) }
        try json?.write(try BenchCommand.json(report))
        try html?.write(HtmlReport.page(report))
    }

    private static func json(_ report: BenchReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
