/// One line of the summary as numbers.
struct SummaryRow: Sendable {
    var name: String
    var totals: CallTotals
    var p50Nanoseconds: UInt64
    var p99Nanoseconds: UInt64
    /// Of the time in all calls, 0 to 1.
    var share: Double

    var averageNanoseconds: UInt64 { totals.calls == 0 ? 0 : totals.nanoseconds / totals.calls }
}
