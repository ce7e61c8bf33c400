/// The tables as lines, for a terminal and for files.
public struct TextReport {
    /// Lines that have room: longer paragraphs are wrapped, wider tables continued below.
    private let columns: Int

    /// Paragraphs that are longer are hard to read.
    private static let paragraphWidthMax = 100
    /// In a file, or through a pipe.
    private static let columnsOfFile = 160

    /// For a terminal with so many columns; nil for a file.
    public init(columns: Int?) { self.columns = max(20, columns ?? TextReport.columnsOfFile) }

    public func lines(of result: ScenarioResult) -> [String] {
        var lines = [""] + wrapped("\(result.name): \(result.summary)")
        if let failure = result.failure { return lines + wrapped("could not be measured: \(failure)") }
        for peer in result.missingPeers { lines += wrapped("not compared: \(peer)") }
        for table in result.tables { lines += [""] + self.lines(of: table) }
        for note in result.notes { lines += [""] + wrapped(note) }
        return lines
    }

    /// What was set as a goal, of all scenarios.
    public func lines(of reaches: [Reach]) -> [String] {
        if reaches.isEmpty { return [] }
        let reached = reaches.filter(\.isReached).count
        let title = ["", "goals: \(reached) of \(reaches.count) reached"]
        var rows = [["", "goal", "found", "reached"]]
        rows += reaches.map { [$0.what, $0.goal, $0.found, TextReport.verdict($0)] }
        let table = TextReport.aligned(rows, leftColumns: 4)
        if table.allSatisfy({ $0.count <= columns }) { return title + table }
        return title
            + reaches.flatMap { reach in
                wrapped("\(TextReport.verdict(reach)): \(reach.what)")
                    + wrapped("  goal \(reach.goal), found \(reach.found)")
            }
    }

    public func lines(of machine: MachineFacts) -> [String] {
        let gigabytes = Figure.fixed(Double(machine.memoryBytes) / 1e9, digits: 0)
        return wrapped("\(machine.processor), \(machine.processorCount) processors, \(gigabytes) GB")
            + wrapped("\(machine.system), Linux \(machine.kernel)")
    }

    private static func verdict(_ reach: Reach) -> String { reach.isReached ? "yes" : "no" }

    // MARK: - Tables

    private func lines(of table: ResultTable) -> [String] {
        var lines = wrapped(table.title)
        for (index, part) in parts(of: table).enumerated() {
            if index > 0 { lines.append("") }
            lines += TextReport.aligned(part, leftColumns: 1)
        }
        var reasons: [String] = []
        for reason in table.rows.flatMap(\.cells).compactMap(\.missing) where !reasons.contains(reason) {
            reasons.append(reason)
        }
        return lines + reasons.flatMap { wrapped("-: \($0)") }
    }

    /// The table's rows as text; as several tables with the same first column if one is too wide.
    private func parts(of table: ResultTable) -> [[[String]]] {
        let rows = TextReport.rows(of: table)
        let widths = TextReport.widths(rows)
        var parts: [[[String]]] = []
        var chosen: [Int] = []
        var width = widths[0]
        for column in widths.indices.dropFirst() {
            if !chosen.isEmpty, width + 2 + widths[column] > columns {
                parts.append(rows.map { row in [row[0]] + chosen.map { row[$0] } })
                (chosen, width) = ([], widths[0])
            }
            chosen.append(column)
            width += 2 + widths[column]
        }
        return parts + [rows.map { row in [row[0]] + chosen.map { row[$0] } }]
    }

    private static func rows(of table: ResultTable) -> [[String]] {
        let units = table.columns.contains { !$0.unit.isEmpty }
        var rows = [[table.rowTitle] + table.columns.map(\.name)]
        if units { rows.append([""] + table.columns.map(\.unit)) }
        for row in table.rows {
            rows.append([row.name] + row.cells.map(Figure.text))
            let spreads = row.cells.map(Figure.spread)
            if spreads.contains(where: { !$0.isEmpty }) { rows.append([""] + spreads) }
        }
        return rows
    }

    private static func widths(_ rows: [[String]]) -> [Int] {
        rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    }

    private static func aligned(_ rows: [[String]], leftColumns: Int) -> [String] {
        let widths = widths(rows)
        return rows.map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[index] - cell.count)
                line += index < leftColumns ? cell + padding : padding + cell
                line += index == row.count - 1 ? "" : "  "
            }
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    // MARK: - Paragraphs

    private func wrapped(_ text: String) -> [String] {
        let width = min(columns, TextReport.paragraphWidthMax)
        let indent = String(text.prefix { $0 == " " })
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? indent + word : "\(line) \(word)"
            if longer.count > width, !line.isEmpty {
                lines.append(line)
                line = indent + word
            } else {
                line = longer
            }
        }
        return lines + [line]
    }
}
