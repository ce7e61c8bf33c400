/// How much is measured.
public struct BenchPlan: Encodable, Sendable {
    /// Ten minutes for all scenarios together, instead of an hour or two.
    public var isShort: Bool
    /// Instead of what each scenario thinks right.
    public var rounds: Int?

    public init(isShort: Bool, rounds: Int? = nil) {
        self.isShort = isShort
        self.rounds = rounds
    }

    /// How often each way is measured.
    public func rounds(short: Int, full: Int) -> Int { rounds ?? (isShort ? short : full) }

    /// A choice that is not about rounds.
    public func pick<Value>(short: Value, full: Value) -> Value { isShort ? short : full }
}
