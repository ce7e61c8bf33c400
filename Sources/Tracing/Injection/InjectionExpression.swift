import GuestKernel

/// `SET:error=ERRNO:signal=SIG:when=…`: one `-e inject=` or `-e fault=`.
struct InjectionExpression {
    /// The two qualifiers; `fault` knows error= and when= only, and fails with ENOSYS unless told otherwise.
    enum Qualifier: String {
        case inject
        case fault
    }

    private(set) var selection: CallSelection
    private(set) var action = InjectionAction()
    private(set) var occasion = InjectionOccasion.always
    private var given: Set<String> = []

    private static let keys = ["error", "retval", "signal", "delay_enter", "delay_exit", "when"]
    private static let faultKeys: Set<String> = ["error", "when"]
    private static let unsupportedKeys: Set<String> = ["syscall", "poke_enter", "poke_exit"]

    init(parsing text: String, as qualifier: Qualifier) throws(TraceOptionError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        selection = try CallSelection(parsing: parts[0])
        for part in parts.dropFirst() where !part.isEmpty { try take(part, as: qualifier) }
        if qualifier == .fault, action.replacement == nil {
            action.replacement = -Int(try ErrnoNames.number(of: "ENOSYS"))
        }
        if given.subtracting(["when"]).isEmpty, qualifier == .inject {
            throw TraceOptionError("inject=\(text) says not what to inject: add error=, retval=, signal= or a delay")
        }
    }

    private mutating func take(_ part: String, as qualifier: Qualifier) throws(TraceOptionError) {
        let key = String(part.prefix { $0 != "=" })
        let value = String(part.dropFirst(key.count + 1))
        if InjectionExpression.unsupportedKeys.contains(key) {
            throw TraceOptionError("not supported: \(key)= in \(qualifier.rawValue)=")
        }
        guard InjectionExpression.keys.contains(key) else {
            throw TraceOptionError.unknown("part of \(qualifier.rawValue)=", key, among: InjectionExpression.keys)
        }
        if !part.contains("=") { throw TraceOptionError("\(key) needs a value: \(key)=…") }
        if qualifier == .fault, !InjectionExpression.faultKeys.contains(key) {
            throw TraceOptionError("fault= takes error= and when= only: use inject= for \(key)=")
        }
        // Of several when= the last counts, as under strace.
        if !given.insert(key).inserted, key != "when" { throw TraceOptionError("\(key)= is given twice") }
        if given.isSuperset(of: ["error", "retval"]) {
            throw TraceOptionError("error= and retval= exclude each other: use one")
        }
        try set(key, value)
    }

    private mutating func set(_ key: String, _ value: String) throws(TraceOptionError) {
        switch key {
        case "error": action.replacement = -Int(try ErrnoNames.number(of: value))
        case "retval": action.replacement = try InjectionExpression.returnValue(value)
        case "signal": action.signal = try SignalNames.number(of: value)
        case "delay_enter": action.delayEnterNanoseconds = try InjectionExpression.delay(value, of: key)
        case "delay_exit": action.delayExitNanoseconds = try InjectionExpression.delay(value, of: key)
        default: occasion = try InjectionOccasion(parsing: value)
        }
    }

    /// Decimal, 0x… or 0…, as in C.
    private static func returnValue(_ text: String) throws(TraceOptionError) -> Int {
        let lower = text.lowercased()
        let (digits, radix) =
            lower.hasPrefix("0x") ? (lower.dropFirst(2), 16) : lower.hasPrefix("0") ? (lower[...], 8) : (lower[...], 10)
        guard digits.first != "+",
            let value = UInt64(digits, radix: radix).map({ Int(truncatingIfNeeded: $0) }) ?? Int(digits)
        else { throw TraceOptionError("retval=\(text) is no number of 64 bits") }
        if CallResult.isError(value) {
            throw TraceOptionError("retval=\(text) would be taken for an errno: use error=\(-value)")
        }
        return value
    }

    /// A number, also with a fraction, in microseconds unless it has another unit.
    private static func delay(_ text: String, of key: String) throws(TraceOptionError) -> UInt64 {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = String(text.dropFirst(number.count))
        guard let value = Double(number), let nanoseconds = units[unit] else {
            throw TraceOptionError("\(key)=\(text): use microseconds, or a unit: 1000ns, 5us, 10ms or 1s")
        }
        let product = value * nanoseconds
        guard product <= delayNanosecondsMax else { throw TraceOptionError("\(key)=\(text): at most a day") }
        return UInt64(product)
    }

    private static let units: [String: Double] = ["": 1000, "ns": 1, "us": 1000, "ms": 1_000_000, "s": 1_000_000_000]
    /// Beyond it somebody has mistaken the unit.
    private static let delayNanosecondsMax = 24 * 3600 * 1e9
}

extension InjectionPlan {
    /// Adds what an `-e inject=` or `-e fault=` says.
    mutating func add(
        parsing text: String, as qualifier: InjectionExpression.Qualifier
    ) throws(TraceOptionError) {
        let expression = try InjectionExpression(parsing: text, as: qualifier)
        if freeRuleCount == 0 {
            throw TraceOptionError("at most \(InjectionPlan.ruleCountMax) times inject= and fault=")
        }
        add(expression.action, on: expression.occasion, to: expression.selection)
    }
}
