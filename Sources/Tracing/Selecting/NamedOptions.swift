/// A small set whose members have names on the command line.
protocol NamedOptions: OptionSet where RawValue: FixedWidthInteger & Sendable {
    /// "status", for "no status is called …".
    static var kind: String { get }
    static var names: [(name: String, value: Self)] { get }
    static var everything: Self { get }
}

extension NamedOptions {
    /// `[!]name[,name]…`, `all` or `none`.
    init(parsingSet text: String) throws(TraceOptionError) {
        let set = try SetExpression(parsing: text, of: "\(Self.kind) names")
        var result = Self()
        for name in set.values {
            if name == "all" {
                result.formUnion(Self.everything)
                continue
            }
            guard let found = Self.names.first(where: { $0.name == name }) else {
                throw TraceOptionError.unknown(Self.kind, name, among: Self.names.map(\.name))
            }
            result.formUnion(found.value)
        }
        self = set.isInverted ? Self(rawValue: Self.everything.rawValue & ~result.rawValue) : result
    }
}
