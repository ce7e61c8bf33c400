/// Numbers as people read them.
enum Figure {
    /// Three digits that count, and no more: 0.123, 1.23, 12.3, 123, 12 345.
    static func text(_ value: Double) -> String {
        if !value.isFinite { return "-" }
        let size = abs(value)
        if size == 0 { return "0" }
        if size >= 100 { return grouped(Int(value.rounded())) }
        return fixed(value, digits: size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }

    static func fixed(_ value: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let whole = scaled / Int(scale)
        let sign = value < 0 && scaled != 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(whole)" }
        let rest = String(scaled % Int(scale))
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
    }

    static func grouped(_ value: Int) -> String {
        let digits = String(abs(value))
        if digits.count <= 4 { return value < 0 ? "-\(digits)" : digits }
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += " " }
            text.append(digit)
        }
        return value < 0 ? "-\(text)" : text
    }

    /// A cell, without its spread.
    static func text(_ cell: ResultTable.Cell) -> String {
        if let words = cell.text { return words }
        guard let value = cell.value else { return "-" }
        let ratio = cell.ratio.map { $0.isFinite ? " (\(fixed($0, digits: 2))×)" : "" } ?? ""
        return text(value) + ratio
    }

    /// How far the rounds lie apart; empty for a single number.
    static func spread(_ cell: ResultTable.Cell) -> String {
        guard let low = cell.low, let high = cell.high, let rounds = cell.rounds, rounds > 1 else { return "" }
        return "\(text(low))–\(text(high))"
    }
}
