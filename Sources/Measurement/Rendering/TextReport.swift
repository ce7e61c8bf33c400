/// The tables as lines for a terminal.
public enum TextReport {
    public static func lines(of result: ScenarioResult) -> [String] {
        var lines = ["", "\(result.name): \(result.summary)"]
        for peer in result.missingPeers { lines.append("not compared: \(peer)") }
        for table in result.tables { lines += [""] + self.lines(of: table) }
        if !result.notes.isEmpty { lines.append("") }
        lines += result.notes
        return lines
    }

    /// What was set as a goal, of all scenarios.
    public static func lines(of reaches: [Reach]) -> [String] {
        if reaches.isEmpty { return [] }
        var rows = [["", "goal", "found", "reached"]]
        rows += reaches.map { [$0.what, $0.goal, $0.found, $0.isReached ? "yes" : "no"] }
        return ["", "goals"] + aligned(rows, leftColumns: 4)
    }

    public static func lines(of machine: MachineFacts) -> [String] {
        let gigabytes = Figure.fixed(Double(machine.memoryBytes) / 1e9, digits: 0)
        return [
            "\(machine.processor), \(machine.processorCount) processors, \(gigabytes) GB",
            "\(machine.system), Linux \(machine.kernel)",
        ]
    }

    private static func lines(of table: ResultTable) -> [String] {
        let units = table.columns.contains { !$0.unit.isEmpty }
        var rows = [[table.rowTitle] + table.columns.map(\.name)]
        if units { rows.append([""] + table.columns.map(\.unit)) }
        for row in table.rows {
            rows.append([row.name] + row.cells.map(Figure.text))
            let spreads = row.cells.map(Figure.spread)
            if spreads.contains(where: { !$0.isEmpty }) { rows.append([""] + spreads) }
        }
        return [table.title] + aligned(rows, leftColumns: 1)
    }

    private static func aligned(_ rows: [[String]], leftColumns: Int) -> [String] {
        let widths = (0..<rows[0].count).map { column in rows.map { $0[column].count }.max() ?? 0 }
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
}
