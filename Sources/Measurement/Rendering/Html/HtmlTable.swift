/// A table of figures: the median, its ratio, and below how far the rounds lie apart.
enum HtmlTable {
    static func table(_ table: ResultTable) -> String {
        let names = Xml.element("th", ["scope": "col"], text: table.rowTitle) + table.columns.map(column).joined()
        let rows = table.rows.map { row in
            Xml.element(
                "tr", [:], Xml.element("th", ["scope": "row"], text: row.name) + row.cells.map(cell).joined())
        }
        let parts = [
            Xml.element("thead", [:], Xml.element("tr", [:], names)),
            Xml.element("tbody", [:], rows.joined(separator: "\n")),
        ]
        // Wider than the window it can be moved, by keys, too. The title stays: it is no caption.
        let scrolled = Xml.element(
            "div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": table.title],
            Xml.element("table", ["class": "figures"], parts.joined(separator: "\n")))
        return Xml.element("div", ["class": "titled"], Xml.element("h3", text: table.title) + scrolled)
    }

    private static func column(_ column: ResultTable.Column) -> String {
        let unit = column.unit.isEmpty ? "" : Xml.element("small", text: column.unit)
        return Xml.element("th", ["scope": "col"], Xml.escaped(column.name) + unit)
    }

    private static func cell(_ cell: ResultTable.Cell) -> String {
        if let words = cell.text { return Xml.element("td", ["class": "words"], text: words) }
        guard let value = cell.value else {
            return Xml.element("td", ["class": "words"], Xml.element("small", text: cell.missing ?? "-"))
        }
        var content = Xml.element("b", text: Figure.text(value))
        if let ratio = cell.ratio, ratio.isFinite {
            content += " " + Xml.element("span", text: "\(Figure.ratio(ratio))×")
        }
        let spread = Figure.spread(cell)
        if !spread.isEmpty { content += Xml.element("small", text: spread) }
        return Xml.element("td", [:], content)
    }
}
