import FoundationEssentials
import Glibc
import Measurement

/// Where `understudy bench` shows and writes what it has found.
struct BenchOutput {
    private let json: ResultFile?
    private let html: ResultFile?
    private let plots: String?
    private let text = TextReport(columns: Terminal.columns(of: 1))

    /// Throws if one of them cannot be written.
    init(json: String?, html: String?, plots: String?) throws {
        self.json = try json.map(ResultFile.init)
        self.html = try html.map(ResultFile.init)
        self.plots = plots
        if let plots {
            // Whether it is there afterwards, the file tells.
            mkdir(plots, 0o777)
            _ = try ResultFile("\(plots)/plot.svg")
        }
    }

    // MARK: - While measuring

    func show(_ machine: MachineFacts) { show(text.lines(of: machine)) }
    func show(_ result: ScenarioResult) { show(text.lines(of: result)) }
    func show(_ reaches: [Reach]) { show(text.lines(of: reaches)) }

    /// Nothing where standard output gets a file's content.
    private func show(_ lines: [String]) {
        if json?.isStandardOutput == true || html?.isStandardOutput == true { return }
        for line in lines { print(line) }
        fflush(nil)
    }

    // MARK: - At the end

    func write(_ report: BenchReport) throws {
        try json?.write(try BenchOutput.json(report))
        try html?.write(HtmlReport.page(report))
        guard let plots else { return }
        for scenario in report.scenarios {
            for (index, plot) in scenario.plots.enumerated() {
                try ResultFile("\(plots)/\(scenario.name)-\(index + 1).svg").write(SvgChart.file(plot))
            }
        }
    }

    private static func json(_ report: BenchReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // JSON has no such numbers. A point of a plot may be one, and is left out there.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
