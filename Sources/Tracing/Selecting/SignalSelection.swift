/// The signals that are shown: `-e signal=`.
public struct SignalSelection: Sendable, BitwiseCopyable, Equatable {
    /// Bit N - 1 is signal N.
    private var bits: UInt64

    private init(bits: UInt64) {
        self.bits = bits
    }

    public static let all = SignalSelection(bits: .max)

    /// `[!]name[,name]…`: names with or without SIG, in any case, or numbers; `all`; `none`.
    public init(parsing text: String) throws(TraceOptionError) {
        let set = try SetExpression(parsing: text, of: "signals")
        bits = 0
        for value in set.values {
            if value == "all" { bits = .max } else { bits |= 1 << UInt64(try SignalNames.number(of: value) - 1) }
        }
        if set.isInverted { bits = ~bits }
    }

    public func contains(_ signal: Int32) -> Bool {
        signal >= 1 && signal <= SignalNames.numberMax && bits >> UInt64(signal - 1) & 1 != 0
    }
}
