/// What a scenario prints: a row for each case, a column for each way or quantity.
public struct ResultTable: Encodable, Sendable {
    public struct Column: Encodable, Sendable {
        public var name: String
        /// Such as `ns` or `requests/s`; empty for counts and words.
        public var unit: String

        public init(_ name: String, unit: String = "") {
            self.name = name
            self.unit = unit
        }
    }

    /// A number, with how it spread over the rounds; or a word; or why there is neither.
    public struct Cell: Encodable, Sendable {
        /// The median of the rounds.
        public var value: Double?
        public var low: Double?
        public var high: Double?
        public var rounds: Int?
        /// To what the table says is compared with.
        public var ratio: Double?
        public var text: String?
        public var missing: String?

        public static func measured(_ samples: Samples, ratio: Double? = nil) -> Cell {
            if samples.isEmpty { return .missing("not measured") }
            return Cell(
                value: samples.median, low: samples.low, high: samples.high, rounds: samples.count, ratio: ratio)
        }

        /// One number of many, such as a quantile.
        public static func number(_ value: Double, ratio: Double? = nil) -> Cell { Cell(value: value, ratio: ratio) }
        public static func words(_ text: String) -> Cell { Cell(text: text) }
        public static func missing(_ reason: String) -> Cell { Cell(missing: reason) }
    }

    public struct Row: Encodable, Sendable {
        public var name: String
        public var cells: [Cell]
    }

    public var title: String
    /// What the first column holds.
    public var rowTitle: String
    public var columns: [Column]
    public private(set) var rows: [Row] = []

    public init(_ title: String, rows rowTitle: String, columns: [Column]) {
        self.title = title
        self.rowTitle = rowTitle
        self.columns = columns
    }

    public mutating func add(_ name: String, _ cells: [Cell]) {
        precondition(cells.count == columns.count, "\(title): row \(name) has \(cells.count) cells")
        rows.append(Row(name: name, cells: cells))
    }
}
