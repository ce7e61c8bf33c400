/// `--epoch auto`: the shortest interval at which the guest stands still for a twentieth of the time at most, encoding
/// takes a quarter of a processor at most, and the link has a fifth of its time to spare.
///
/// The dirty rate shows in all three. An epoch of a longer interval costs more, but less than in proportion, as pages
/// are written again and again: the interval settles where the shares are met. Pure.
public struct AutomaticInterval: Sendable {
    /// Shorter ones gain nothing, as output that is held is not waited with anyway; from the longest on a takeover
    /// would lose more computing than it is worth.
    public static let range: ClosedRange<UInt64> = 1_000_000...500_000_000
    public static let initialNanoseconds: UInt64 = 25_000_000

    private static let pauseShare: UInt64 = 20
    private static let encodingShare: UInt64 = 4
    /// Of each epoch a part of 1/8 counts: a single odd one is no reason.
    private static let smoothing: UInt64 = 8

    public private(set) var nanoseconds = AutomaticInterval.initialNanoseconds

    public init() {}

    public mutating func note(_ cost: EpochCost) {
        let range = AutomaticInterval.range
        let longest = range.upperBound
        // More than the longest is as good as the longest; the products stay small that way.
        let pause = min(cost.pause, longest) * AutomaticInterval.pauseShare
        let encoding = min(cost.encoding, longest) * AutomaticInterval.encodingShare
        let sending = min(cost.sending, longest) * 5 / 4
        let wanted = min(max(pause, encoding, sending, range.lowerBound), longest)
        let kept = nanoseconds * (AutomaticInterval.smoothing - 1)
        // Rounded up on the way up, so that it gets there.
        let rounding = wanted > nanoseconds ? AutomaticInterval.smoothing - 1 : 0
        nanoseconds = (kept + wanted + rounding) / AutomaticInterval.smoothing
    }
}
