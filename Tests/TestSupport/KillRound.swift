import Foundation
import Testing

/// One round of a test that is repeated under changing conditions.
public struct KillRound: Sendable, CustomTestStringConvertible {
    public let number: Int

    public init(number: Int) {
        self.number = number
    }

    /// How many rounds the longest test makes: `UNDERSTUDY_ROUNDS`, or 20.
    public static let count = max(1, Int(ProcessInfo.processInfo.environment["UNDERSTUDY_ROUNDS"] ?? "") ?? 20)

    /// The rounds of the longest test, or of one that makes fewer.
    public static func all(share: Double = 1) -> [KillRound] {
        (1...max(2, Int(Double(count) * share))).map { KillRound(number: $0) }
    }

    public var testDescription: String {
        "round \(number), \(options.tracker!)\(options.isAsRemote ? ", as remote" : ""), seed \(TestEnvironment.seed)"
    }

    public var generator: SeededGenerator {
        SeededGenerator(seed: TestEnvironment.seed &* 1009 &+ UInt64(number))
    }

    /// The trackers take turns; so do, more slowly, one machine and two, and the ways of catching system calls.
    public var options: ReplicationOptions {
        var options = ReplicationOptions(tracker: .taking(turn: number), dispatch: .taking(turn: number / 2))
        options.isAsRemote = number / 2 % 3 == 0
        return options
    }

    /// A moment under load.
    public var delayNanoseconds: UInt64 {
        var generator = generator
        return UInt64(generator.below(400_000)) * 1000
    }
}
