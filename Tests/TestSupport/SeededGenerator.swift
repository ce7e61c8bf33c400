import Foundation

/// A random number generator that gives the same numbers for the same seed, on every machine (SplitMix64).
///
/// Tests that use it take their seeds from ``seeds(count:)`` and name the seed where they fail; setting
/// `UNDERSTUDY_SEED` then runs just that one again.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `bound`.
    public mutating func below(_ bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &self)
    }

    /// True once in `count` times on average.
    public mutating func oneIn(_ count: Int) -> Bool {
        below(count) == 0
    }

    /// The variable that names the one seed to run.
    public static let environmentVariable = "UNDERSTUDY_SEED"

    /// The seeds to run: the one in the environment, or 1 to `count`.
    public static func seeds(count: Int) -> [UInt64] {
        guard let text = ProcessInfo.processInfo.environment[environmentVariable] else {
            return (1...count).map { UInt64($0) }
        }
        guard let seed = UInt64(text) else {
            fatalError("\(environmentVariable) is \"\(text)\", not a number; set it to a seed that a test printed")
        }
        return [seed]
    }

    /// What a failing test says to be run again.
    public static func replayHint(seed: UInt64, step: Int) -> String {
        "seed \(seed), step \(step); run again with \(environmentVariable)=\(seed)"
    }
}
