import ArgumentParser
import Tracing

/// How `trace` counts.
struct TraceSummaryOptions: ParsableArguments {
    @Flag(name: .customShort("c"), help: "Count calls, errors and time in place of showing lines.")
    var summaryOnly: Int

    @Flag(name: .customShort("C"), help: "Count as well as show lines.")
    var summary: Int

    @Option(
        name: [.customShort("S"), .customLong("summary-sort-by")], parsing: .unconditional,
        help: ArgumentHelp(
            "Sort by time, min, max, avg, calls, errors, name or nothing (default: time).", valueName: "order"),
        transform: { text in
            try asValidationError { () throws(TraceOptionError) in try SummaryOrder(parsing: text) }
        })
    var order: SummaryOrder?

    @Option(
        name: [.customShort("U"), .customLong("summary-columns")], parsing: .unconditional,
        help: ArgumentHelp(
            """
            Columns: time-percent, total-time, min-time, max-time, avg-time, calls, errors, name, and our own p50, p99 \
            and max.
            """, valueName: "columns"),
        transform: { text in
            try asValidationError { () throws(TraceOptionError) in try SummaryColumn.list(parsing: text) }
        })
    var columns: [SummaryColumn]?

    @Flag(name: .customShort("w"), help: "Count wall clock time: always on.")
    var wallClock = false

    /// Nil for no summary.
    func summaryRequest() throws -> SummaryRequest? {
        if summaryOnly > 0, summary > 0 { throw ValidationError("-c and -C exclude each other: use one") }
        guard summaryOnly > 0 || summary > 0 else {
            if wallClock { throw ValidationError("-w is about -c or -C: add one") }
            return nil
        }
        var request = SummaryRequest(isAlone: summaryOnly > 0)
        request.order = order ?? request.order
        request.columns = columns ?? request.columns
        return request
    }
}
