import ArgumentParser
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
            apart. Figures of a busy machine say little. Exits 125 if a scenario could not be measured; the others are \
            all the same, and are written.
            """)

    @Argument(help: ArgumentHelp("What to measure.", valueName: "SCENARIO"))
    var scenarios: [String] = []

    @Flag(help: "Print what each scenario measures and how long it takes, and measure nothing.")
    var list = false

    @Flag(help: "Fewer rounds and smaller guests: all scenarios in ten minutes.")
    var short = false

    @Option(
        help: ArgumentHelp("How often each way is measured, in place of each scenario's own number.", valueName: "n"))
    var rounds: Int?

    @Option(
        name: .customLong("json"),
        help: ArgumentHelp("Write all figures to FILE, as JSON; to standard output for -.", valueName: "FILE"))
    var jsonFile: String?

    @Option(
        name: .customLong("html"),
        help: ArgumentHelp(
            "Write a page with tables and plots to FILE; to standard output for -.", valueName: "FILE"))
    var htmlFile: String?

    @Option(
        help: ArgumentHelp("Write each plot to a file of its own in DIR.", valueName: "DIR", visibility: .hidden))
    var plots: String?

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
        for (option, file) in [("--json", jsonFile), ("--html", htmlFile), ("--plots", plots)] where file == "" {
            throw ValidationError("\(option) needs a name")
        }
        if let jsonFile, jsonFile == htmlFile {
            throw ValidationError(
                "--json and --html would both write to \(jsonFile == "-" ? "standard output" : jsonFile)")
        }
    }

    func run() throws {
        let plan = BenchPlan(isShort: short, rounds: rounds)
        if list {
            for line in BenchCommand.list(of: chosen, rounds: rounds) { print(line) }
            return
        }
        do {
            // Before an hour is spent: they can be written.
            let output = try BenchOutput(json: jsonFile, html: htmlFile, plots: plots)
            Leftovers.removeWhenInterrupted()
            let report = try measure(plan, output)
            try output.write(report)
            let failed = report.scenarios.filter { $0.failure != nil }.map(\.name)
            if !failed.isEmpty {
                throw MeasurementError("not measured, as said above: \(failed.joined(separator: ", "))")
            }
        } catch let error as MeasurementError {
            throw SupervisorError(.failed, "bench: \(error.message)")
        }
    }

    private var chosen: [any Scenario] {
        scenarios.isEmpty ? ScenarioList.all : ScenarioList.all.filter { scenarios.contains($0.name) }
    }

    private func measure(_ plan: BenchPlan, _ output: BenchOutput) throws -> BenchReport {
        let progress = Progress(isQuiet: quiet)
        let bench = try Bench(plan, progress)
        defer { bench.scratch.remove() }
        var report = BenchReport(
            understudy: understudyVersion, started: Timestamp.now().text, plan: plan, machine: MachineFacts())
        let start = ContinuousClock.now
        output.show(report.machine)
        for scenario in chosen { progress.expect(scenario.name, seconds: scenario.estimatedSeconds(plan)) }
        for scenario in chosen {
            progress.beginNext()
            let began = ContinuousClock.now
            var result: ScenarioResult
            do {
                result = try scenario.run(bench)
            } catch {
                result = ScenarioResult(scenario.name, scenario.summary)
                result.failure = error.message
            }
            result.seconds = (ContinuousClock.now - began) / .seconds(1)
            progress.endCurrent()
            if let failure = result.failure {
                MessageLog(format: .text).say(.error, "bench: \(scenario.name): \(failure)")
            }
            output.show(result)
            report.scenarios.append(result)
        }
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        output.show(report.scenarios.flatMap(\.reaches))
        return report
    }

    private static func list(of scenarios: [any Scenario], rounds: Int?) -> [String] {
        let plans = [BenchPlan(isShort: true, rounds: rounds), BenchPlan(isShort: false, rounds: rounds)]
        func row(_ name: String, _ summary: String, _ measured: [any Scenario]) -> [String] {
            let times = plans.map { plan in measured.reduce(0) { $0 + $1.estimatedSeconds(plan) } }
            return [name] + times.map(Figure.duration) + [summary]
        }
        var rows = [["SCENARIO", "--short", "FULL", "MEASURES"]]
        rows += scenarios.map { row($0.name, $0.summary, [$0]) }
        if scenarios.count > 1 { rows.append(row("all", "", scenarios)) }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).dropLast().map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return (cells + (row[3].isEmpty ? [] : [row[3]])).joined(separator: "  ")
        }
    }
}
