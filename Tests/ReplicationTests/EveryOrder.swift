/// Walks through every sequence of events up to a length, sharing what sequences have in common.
struct EveryOrder<Side, Letter: CaseIterable & Sendable> {
    /// Does what a letter stands for; false where it makes no sense now.
    let play: (Letter, inout Side) -> Bool
    /// What is wrong with a side, if anything.
    let violation: (Side) -> String?
    /// Nothing but the end is to be seen from here on.
    let hasEnded: (Side) -> Bool

    private(set) var sequenceCount = 0
    /// The first sequence that broke a rule, and the rule.
    private(set) var failure: String?

    init(
        play: @escaping (Letter, inout Side) -> Bool, violation: @escaping (Side) -> String?,
        hasEnded: @escaping (Side) -> Bool
    ) {
        self.play = play
        self.violation = violation
        self.hasEnded = hasEnded
    }

    /// All sequences of up to `length` letters after `prefix`. After the end one more letter of each kind is tried.
    mutating func walk(from side: Side, after prefix: [Letter] = [], length: Int) {
        for letter in Letter.allCases where failure == nil {
            var next = side
            guard play(letter, &next) else { continue }
            sequenceCount += 1
            let sequence = prefix + [letter]
            if let broken = violation(next) {
                failure = "\(broken), after \(sequence.map { "\($0)" }.joined(separator: ", "))"
            } else if length > 1 {
                walk(from: next, after: sequence, length: hasEnded(side) ? 1 : length - 1)
            }
        }
    }
}
