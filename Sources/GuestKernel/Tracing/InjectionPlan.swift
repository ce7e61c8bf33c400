/// All of `-e inject=`: for each syscall at most one rule, of which a later one takes the place of an earlier one.
public struct InjectionPlan: Sendable {
    private struct Rule: Sendable {
        var action: InjectionAction
        var occasion: InjectionOccasion
    }

    /// So many rules can be told apart by a byte; 0 is no rule.
    public static let ruleCountMax = 255

    /// The calls that a rule is about: all others need no look at the plan.
    public private(set) var calls = CallSelection.none
    private var rules: [Rule] = []
    private var ruleNumbers = [UInt8](repeating: 0, count: CallSelection.count)

    public init() {}

    public var isEmpty: Bool { calls.isEmpty }
    /// How often `add` can still be called.
    public var freeRuleCount: Int { InjectionPlan.ruleCountMax - rules.count }

    /// The caller sees to it that `freeRuleCount` is not 0.
    public mutating func add(_ action: InjectionAction, on occasion: InjectionOccasion, to selection: CallSelection) {
        precondition(freeRuleCount > 0, "more injection rules than \(InjectionPlan.ruleCountMax)")
        rules.append(Rule(action: action, occasion: occasion))
        for place in 0..<CallSelection.count where selection.contains(place) { ruleNumbers[place] = UInt8(rules.count) }
        calls.formUnion(selection)
    }

    /// The same for the calls of `selection` only: what is not traced is not tampered with, as under strace.
    public func limited(to selection: CallSelection) -> InjectionPlan {
        var plan = self
        plan.calls = calls.intersection(selection)
        return plan
    }

    /// Counts a call of one thread, and says what is to be done to it; nil for nothing.
    public func action(for number: Int, counting counters: inout InjectionCounters) -> InjectionAction? {
        guard calls.contains(number) else { return nil }
        let place = CallSelection.place(of: number)
        let rule = rules[Int(ruleNumbers[place]) - 1]
        return rule.occasion.includes(counters.next(place)) ? rule.action : nil
    }
}
