public import GuestKernel

extension CallSelection {
    private static let numbersByName = Dictionary(
        uniqueKeysWithValues: SyscallTable.rows.compactMap { $0 }.map { ($0.name, $0.number) })

    /// `[!]value[,value]…`: a call's name or number, a class (%file), /REGEX, each also with a ? before it (then it may
    /// be unknown); `all`; `none`.
    public init(parsing text: String) throws(TraceOptionError) {
        let set = try SetExpression(parsing: text, of: "syscalls")
        var result = CallSelection.none
        for value in set.values {
            do {
                result.formUnion(try CallSelection.matching(value.hasPrefix("?") ? String(value.dropFirst()) : value))
            } catch {
                if !value.hasPrefix("?") { throw error }
            }
        }
        self = set.isInverted ? result.complement : result
    }

    private static func matching(_ value: String) throws(TraceOptionError) -> CallSelection {
        let name = try withoutPersonality(value)
        if name == "all" { return .all }
        if name.hasPrefix("/") { return try matching(pattern: String(name.dropFirst())) }
        if let callClass = CallClass(name: name) { return callClass.selection }
        if name.hasPrefix("%") {
            throw TraceOptionError.unknown("class of syscalls", name, among: CallClass.allCases.map(\.rawValue))
        }
        guard let number = numbersByName[name] ?? knownNumber(name) else {
            throw TraceOptionError.unknown("syscall", name, among: numbersByName.keys)
        }
        return CallSelection(numbers: [number])
    }

    /// A guest makes 64-bit calls only, so `name@64` is `name`.
    private static func withoutPersonality(_ value: String) throws(TraceOptionError) -> String {
        guard let mark = value.lastIndex(of: "@") else { return value }
        if value[mark...] == "@64" { return String(value[..<mark]) }
        throw TraceOptionError("not supported: \(value): a guest makes 64-bit calls only; leave \(value[mark...]) out")
    }

    private static func knownNumber(_ text: String) -> Int? {
        guard let number = UInt16(text).map({ Int($0) }), number < SyscallTable.count else { return nil }
        return SyscallTable.rows[number] == nil ? nil : number
    }

    private static func matching(pattern: String) throws(TraceOptionError) -> CallSelection {
        let expression = try NamePattern(pattern)
        let matches = numbersByName.filter { expression.matches($0.key) }.map(\.value)
        if matches.isEmpty { throw TraceOptionError("no syscall's name matches /\(pattern)") }
        return CallSelection(numbers: matches)
    }

    init(numbers: some Sequence<Int>) {
        self = .none
        for number in numbers { insert(number) }
    }
}
