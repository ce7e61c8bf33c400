import TestSupport
import Testing

/// A round of one of several things that are tested.
struct ServerRound<Tested: CaseIterable & Sendable & CustomStringConvertible>: Sendable, CustomTestStringConvertible {
    let tested: Tested
    let round: KillRound

    /// One round each, or a fiftieth of `UNDERSTUDY_ROUNDS`. Neighbours have different conditions.
    static var all: [ServerRound] {
        let count = max(1, KillRound.count / 50)
        return Tested.allCases.enumerated().flatMap { index, tested in
            (1...count).map { ServerRound(tested: tested, round: KillRound(number: index + $0)) }
        }
    }

    var testDescription: String { "\(tested), \(round.testDescription)" }
}
