/// How the summary's lines are sorted: `-S`. Equal ones stay in the order of their numbers.
public enum SummaryOrder: Sendable {
    case time
    case shortest
    case longest
    case average
    case calls
    case errors
    case name
    case nothing

    private static let names: [(name: String, value: SummaryOrder)] = [
        ("time", .time), ("time-percent", .time), ("time-total", .time), ("total-time", .time), ("min", .shortest),
        ("min-time", .shortest), ("time-min", .shortest), ("shortest", .shortest), ("max", .longest),
        ("max-time", .longest), ("time-max", .longest), ("longest", .longest), ("avg", .average),
        ("avg-time", .average), ("time-avg", .average), ("calls", .calls), ("count", .calls), ("errors", .errors),
        ("error", .errors), ("name", .name), ("syscall", .name), ("syscall-name", .name), ("nothing", .nothing),
        ("none", .nothing),
    ]

    public init(parsing text: String) throws(TraceOptionError) {
        guard let found = SummaryOrder.names.first(where: { $0.name == text }) else {
            throw TraceOptionError.unknown("order of the summary", text, among: SummaryOrder.names.map(\.name))
        }
        self = found.value
    }

    func sorted(_ rows: [SummaryRow]) -> [SummaryRow] {
        switch self {
        case .time: return rows.sorted { $0.totals.nanoseconds > $1.totals.nanoseconds }
        case .shortest: return rows.sorted { $0.totals.shortestNanoseconds > $1.totals.shortestNanoseconds }
        case .longest: return rows.sorted { $0.totals.longestNanoseconds > $1.totals.longestNanoseconds }
        case .average: return rows.sorted { $0.averageNanoseconds > $1.averageNanoseconds }
        case .calls: return rows.sorted { $0.totals.calls > $1.totals.calls }
        case .errors: return rows.sorted { $0.totals.errors > $1.totals.errors }
        case .name: return rows.sorted { $0.name < $1.name }
        case .nothing: return rows
        }
    }
}
