extension TraceSummary {
    /// One JSON object and a newline (docs/trace-format.md). The names of calls need no escapes.
    public func json(order: SummaryOrder = .time) -> String {
        let calls = rows(order).map { "{\"name\":\"\($0.name)\",\(TraceSummary.members(of: $0))}" }
        let total = isEmpty ? "null" : "{\(TraceSummary.members(of: totalRow))}"
        let head = "{\"v\":\(JsonFormatter.version),\"type\":\"summary\""
        return "\(head),\"calls\":[\(calls.joined(separator: ","))],\"total\":\(total)}\n"
    }

    private static func members(of row: SummaryRow) -> String {
        let totals = row.totals
        let numbers: [(name: String, value: UInt64)] = [
            ("calls", totals.calls), ("errors", totals.errors), ("total_ns", totals.nanoseconds),
            ("min_ns", totals.shortestNanoseconds), ("avg_ns", row.averageNanoseconds),
            ("p50_ns", row.p50Nanoseconds), ("p99_ns", row.p99Nanoseconds), ("max_ns", totals.longestNanoseconds),
        ]
        return numbers.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",")
    }
}
