import GuestKernel

extension InjectionOccasion {
    private static let firstRange: ClosedRange<UInt64> = 1...65535
    private static let lastRange: ClosedRange<UInt64> = 1...65534

    /// `FIRST[..LAST][+[STEP]]`.
    init(parsing text: String) throws(TraceOptionError) {
        let wrong = TraceOptionError(
            "when=\(text.isEmpty ? "\"\"" : text): use FIRST, FIRST..LAST, FIRST+ or FIRST+STEP")
        var rest = Substring(text)
        guard let first = InjectionOccasion.takeNumber(&rest) else { throw wrong }
        var last: UInt64?
        if rest.hasPrefix("..") {
            rest.removeFirst(2)
            last = InjectionOccasion.takeNumber(&rest)
            if last == nil { throw wrong }
        }
        var step: UInt64?
        if rest.first == "+" {
            rest.removeFirst()
            step = rest.isEmpty ? 1 : InjectionOccasion.takeNumber(&rest)
            if step == nil { throw wrong }
        }
        if !rest.isEmpty { throw wrong }
        try InjectionOccasion.check(first, in: InjectionOccasion.firstRange, "first call of when=\(text)")
        try InjectionOccasion.check(last ?? 1, in: InjectionOccasion.lastRange, "last call of when=\(text)")
        try InjectionOccasion.check(step ?? 1, in: InjectionOccasion.firstRange, "step of when=\(text)")
        if let last, last < first { throw TraceOptionError("when=\(text) ends before it starts") }
        // A number alone is that call only.
        self.init(first: first, last: last ?? (step == nil ? first : .max), step: step ?? 1)
    }

    private static func takeNumber(_ rest: inout Substring) -> UInt64? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        if digits.isEmpty { return nil }
        rest = rest[digits.endIndex...]
        // More digits than fit are out of every range.
        return UInt64(digits) ?? .max
    }

    private static func check(
        _ number: UInt64, in range: ClosedRange<UInt64>, _ what: String
    ) throws(TraceOptionError) {
        if range.contains(number) { return }
        throw TraceOptionError("the \(what) is out of range: use \(range.lowerBound) to \(range.upperBound)")
    }
}
