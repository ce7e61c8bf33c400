extension TraceSummary {
    /// The table, as `strace -c` prints it; nothing when no call was counted.
    public func text(columns: [SummaryColumn] = SummaryColumn.usual, order: SummaryOrder = .time) -> String {
        if isEmpty { return "" }
        let rows = rows(order).map { row in columns.map { $0.text(of: row) } }
        let sum = totalRow
        let total = columns.map { $0.text(of: sum) }
        let widths = columns.indices.map { index in
            TraceSummary.width(of: columns[index], for: (rows + [total]).map { $0[index] })
        }
        func line(_ cells: [String]) -> String {
            let padded = columns.indices.map { index -> String in
                let padding = String(repeating: " ", count: max(0, widths[index] - cells[index].count))
                if columns[index] != .name { return padding + cells[index] }
                return index == columns.count - 1 ? cells[index] : cells[index] + padding
            }
            return padded.joined(separator: " ") + "\n"
        }
        let rule = line(widths.map { String(repeating: "-", count: $0) })
        return line(columns.map(\.rawValue)) + rule + rows.map(line).joined() + rule + line(total)
    }

    private static func width(of column: SummaryColumn, for cells: [String]) -> Int {
        let longest = cells.map(\.count).max() ?? 0
        // Behind a long name strace leaves one more blank.
        return max(column.widthMin, column == .name ? longest + 1 : longest)
    }
}
