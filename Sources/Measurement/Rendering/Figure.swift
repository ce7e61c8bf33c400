/// Numbers as people read them.
public enum Figure {
    /// Beyond these, digits say less than a power of ten.
    private static let (plainMin, plainMax) = (0.000_1, 1e15)

    /// Three digits that count, and no more: 0.0123, 0.123, 1.23, 12.3, 123, 12 345.
    static func text(_ value: Double) -> String {
        if !value.isFinite { return "-" }
        let size = abs(value)
        if size == 0 { return "0" }
        if size < plainMin || size >= plainMax { return scientific(value) }
        if size >= 99.95 { return grouped(Int(value.rounded())) }
        return fixed(value, digits: digitsAfterPoint(size))
    }

    private static func digitsAfterPoint(_ size: Double) -> Int {
        // 9.996 is 10.0, not 10.00.
        switch size {
        case 9.995...: 1
        case 0.999_5...: 2
        case 0.099_95...: 3
        case 0.009_995...: 4
        case 0.000_999_5...: 5
        default: 6
        }
    }

    /// 1.23e-7
    private static func scientific(_ value: Double) -> String {
        var (rest, exponent) = (abs(value), 0)
        while rest >= 9.995 { (rest, exponent) = (rest / 10, exponent + 1) }
        while rest < 0.999_5 { (rest, exponent) = (rest * 10, exponent - 1) }
        return "\(value < 0 ? "-" : "")\(fixed(rest, digits: 2))e\(exponent)"
    }

    /// How long something takes, about: 43 s, 12 min, 2 h 5 min.
    public static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds < plainMax else { return "-" }
        if seconds < 90 { return "\(Int(max(0, seconds).rounded(.up))) s" }
        let minutes = Int((seconds / 60).rounded(.up))
        return minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }

    /// So many digits after the point, as long as there are not too many before it.
    static func fixed(_ value: Double, digits: Int) -> String {
        if !value.isFinite { return "-" }
        if abs(value) >= plainMax { return scientific(value) }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        if abs(value) * scale >= plainMax { return grouped(Int(value)) }
        let scaled = Int((abs(value) * scale).rounded())
        let whole = scaled / Int(scale)
        let sign = value < 0 && scaled != 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(whole)" }
        let rest = String(scaled % Int(scale))
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
    }

    /// How many times as much: 0.40, 1.25, 14.3, 190.
    static func ratio(_ value: Double) -> String {
        value >= 0.01 && value < 9.995 ? fixed(value, digits: 2) : text(value)
    }

    /// 1 round, 9 rounds.
    static func counted(_ count: Int, _ name: String) -> String { "\(grouped(count)) \(name)\(count == 1 ? "" : "s")" }

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
        let ratio = cell.ratio.map { $0.isFinite ? " (\(Figure.ratio($0))×)" : "" } ?? ""
        return text(value) + ratio
    }

    /// How far the rounds lie apart; empty for a single number.
    static func spread(_ cell: ResultTable.Cell) -> String {
        guard let low = cell.low, let high = cell.high, let rounds = cell.rounds, rounds > 1 else { return "" }
        return "\(text(low))–\(text(high))"
    }
}
