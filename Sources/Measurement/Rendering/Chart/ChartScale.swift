import Glibc

/// From values to places on an axis, and where its ticks stand.
struct ChartScale {
    let isLogarithmic: Bool
    let low: Double
    let high: Double
    let ticks: [Double]

    /// What an axis begins with.
    enum Start {
        /// Zero where no value is below: lengths can be compared.
        case zero
        /// The values' own lowest.
        case lowest
        /// As zero; on a logarithmic axis, which has none, so far below the lowest value that it has a length.
        case bars
    }

    private static let tickCount = 5.0
    private static let decadesMax = 6
    /// Between so few decades there are ticks within them.
    private static let decadesFew = 2
    /// Beyond this nothing is measured, and arithmetic goes wrong.
    private static let sizeMax = 1e100

    /// Whether a value has a place on such an axis.
    static func isShown(_ value: Double, isLogarithmic: Bool) -> Bool {
        value.isFinite && abs(value) < sizeMax && (!isLogarithmic || value > 1 / sizeMax)
    }

    /// For whichever of the values have a place on it.
    init(_ values: [Double], isLogarithmic: Bool, start: Start) {
        let shown = values.filter { ChartScale.isShown($0, isLogarithmic: isLogarithmic) }
        self.isLogarithmic = isLogarithmic
        let range = shown.isEmpty ? (1, 1) : (shown.min()!, shown.max()!)
        (low, high, ticks) =
            isLogarithmic
            ? ChartScale.logarithmic(range, isBelowLowest: start == .bars)
            : ChartScale.linear(range, hasZero: start != .lowest)
    }

    /// 0 at the axis's beginning, 1 at its end; nil for what has no place.
    func place(of value: Double) -> Double? {
        guard ChartScale.isShown(value, isLogarithmic: isLogarithmic) else { return nil }
        return isLogarithmic ? (log10(value) - log10(low)) / (log10(high) - log10(low)) : (value - low) / (high - low)
    }

    // MARK: - Linear

    private static func linear(_ range: (Double, Double), hasZero: Bool) -> (Double, Double, [Double]) {
        var (low, high) = range
        if hasZero { (low, high) = (min(0, low), max(0, high)) }
        if high - low < 1 / sizeMax {
            let half = abs(low) / 2
            (low, high) = half < 1 / sizeMax ? (0, 1) : (low - half, low + half)
        }
        let step = niceStep((high - low) / tickCount)
        let (first, last) = ((low / step).rounded(.down), (high / step).rounded(.up))
        // Divided where the step is a fraction: 3 × 0.1 is not 0.3.
        let inverse = (1 / step).rounded()
        let ticks = (0...Int(last - first)).map { index in
            step < 1 ? (first + Double(index)) / inverse : (first + Double(index)) * step
        }
        return (ticks.first!, ticks.last!, ticks)
    }

    /// 1, 2 or 5 times a power of ten; the smallest that is no less.
    private static func niceStep(_ least: Double) -> Double {
        let power = pow(10, log10(least).rounded(.down))
        for factor in [1.0, 2, 5] where factor * power >= least * 0.999_999 { return factor * power }
        return 10 * power
    }

    // MARK: - Logarithmic

    private static func logarithmic(_ range: (Double, Double), isBelowLowest: Bool) -> (Double, Double, [Double]) {
        var first = Int(decade(range.0).rounded(.down))
        var last = Int(decade(range.1).rounded(.up))
        // A bar of the lowest value is at least a fifth of a decade long.
        if isBelowLowest, log10(range.0) - Double(first) < 0.2 { first -= 1 }
        if first >= last { last = first + 1 }
        let every = (last - first + decadesMax - 1) / decadesMax
        var ticks: [Double] = []
        for exponent in stride(from: first, through: last, by: every) {
            ticks.append(power(exponent))
            guard last - first <= decadesFew, exponent < last else { continue }
            ticks += [2 * power(exponent), 5 * power(exponent)]
        }
        return (power(first), power(last), ticks)
    }

    /// log10, and exactly so for powers of ten.
    private static func decade(_ value: Double) -> Double {
        let exact = log10(value)
        return abs(exact - exact.rounded()) < 1e-9 ? exact.rounded() : exact
    }

    private static func power(_ exponent: Int) -> Double {
        exponent < 0 ? 1 / pow(10, Double(-exponent)) : pow(10, Double(exponent))
    }

    // MARK: - Labels

    /// The ticks as text. From a million on in thousands and millions, all alike.
    var labels: [String] {
        let isLarge = ticks.contains { abs($0) >= 1e6 }
        return ticks.map { isLarge ? ChartScale.shortened($0) : ChartScale.plain($0) }
    }

    private static func shortened(_ value: Double) -> String {
        for (size, sign) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] where abs(value) >= size {
            return abs(value) >= 1e15 ? Figure.text(value) : plain(value / size) + sign
        }
        return plain(value)
    }

    /// As many digits as it has, and no zeros behind them.
    private static func plain(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return Figure.grouped(Int(value)) }
        if abs(value) < 0.000_1 { return Figure.text(value) }
        let text = Figure.fixed(value, digits: 6)
        return String(text.reversed().drop { $0 == "0" }.reversed())
    }
}
