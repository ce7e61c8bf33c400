/// The summary at the end: `-c`, `-C`.
public struct SummaryRequest: Sendable, Equatable {
    /// In place of the lines (`-c`), not behind them (`-C`).
    public var isAlone: Bool
    public var columns = SummaryColumn.usual
    public var order = SummaryOrder.time

    public init(isAlone: Bool) {
        self.isAlone = isAlone
    }
}
