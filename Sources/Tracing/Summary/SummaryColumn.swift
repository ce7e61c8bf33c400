/// A column of the summary: `-U`. Widths, headings and numbers are as `strace -c` has them; the last three are ours.
public enum SummaryColumn: String, Sendable {
    case share = "% time"
    case total = "seconds"
    case shortest
    case longest
    case average = "usecs/call"
    case calls
    case errors
    case name = "syscall"
    case p50 = "p50 usecs"
    case p99 = "p99 usecs"
    case max = "max usecs"

    /// As strace, and the percentiles before the name, so that the name stays the last word of its line.
    public static let usual: [SummaryColumn] = [.share, .total, .average, .calls, .errors, .p50, .p99, .max, .name]

    private static let names: [(name: String, value: SummaryColumn)] = [
        ("time-percent", .share), ("time", .share), ("total-time", .total), ("time-total", .total),
        ("min-time", .shortest), ("shortest", .shortest), ("time-min", .shortest), ("max-time", .longest),
        ("longest", .longest), ("time-max", .longest), ("avg-time", .average), ("time-avg", .average),
        ("calls", .calls), ("count", .calls), ("errors", .errors), ("error", .errors), ("name", .name),
        ("syscall", .name), ("syscall-name", .name), ("p50", .p50), ("p99", .p99), ("max", .max),
    ]

    /// `column,column…`; the name is added as the last one where it is not among them.
    public static func list(parsing text: String) throws(TraceOptionError) -> [SummaryColumn] {
        var columns: [SummaryColumn] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            guard let found = names.first(where: { $0.name == word }) else {
                throw TraceOptionError.unknown("column of the summary", word, among: names.map(\.name))
            }
            if columns.contains(found.value) { throw TraceOptionError("column \(word) is asked for twice") }
            columns.append(found.value)
        }
        return columns.contains(.name) ? columns : columns + [.name]
    }

    var widthMin: Int {
        switch self {
        case .share: return 6
        case .total, .average: return 11
        case .shortest, .longest: return 8
        case .calls, .errors, .p50, .p99, .max: return 9
        case .name: return 16
        }
    }

    func text(of row: SummaryRow) -> String {
        let totals = row.totals
        switch self {
        case .share: return DecimalText.fixed(UInt64((row.share * 10_000).rounded()), digits: 2)
        case .total: return DecimalText.seconds(totals.nanoseconds)
        case .shortest: return DecimalText.seconds(totals.shortestNanoseconds)
        case .longest: return DecimalText.seconds(totals.longestNanoseconds)
        case .average: return "\(row.averageNanoseconds / 1000)"
        case .calls: return "\(totals.calls)"
        case .errors: return totals.errors == 0 ? "" : "\(totals.errors)"
        case .name: return row.name
        case .p50: return DecimalText.microseconds(row.p50Nanoseconds)
        case .p99: return DecimalText.microseconds(row.p99Nanoseconds)
        case .max: return DecimalText.microseconds(totals.longestNanoseconds)
        }
    }
}
