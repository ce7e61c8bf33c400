/// Whether most pages of an epoch are copied while the guest still runs, so that it stands still for the rest alone:
/// pure, counts are passed in.
///
/// Copying them first costs no pause, but those that the guest writes again meanwhile are copied twice, and each costs
/// it one more fault. So few pages are not worth it, nor are those that are written all the time.
public struct PreCopyPolicy: Sendable {
    /// As many as are copied in the pause at most, about: half a millisecond.
    public static let worthwhilePageCount = 1024
    /// Rounds end when so few were written during the last one.
    public static let enoughPageCount = 256
    static let roundsMax = 4
    static let skippedMin = 4
    static let skippedMax = 64

    private var expectedPageCount = 0
    /// Epochs that are cut without it, as it was in vain, and how many it will be the next time.
    private var skippedLeft = 0
    private var skipped = PreCopyPolicy.skippedMin

    public init() {}

    /// Whether the next epoch begins with it. Epochs mostly are like the one before.
    public var isWorthwhile: Bool { expectedPageCount >= PreCopyPolicy.worthwhilePageCount && skippedLeft == 0 }

    /// Whether to go round once more, after rounds that copied so many pages each.
    public static func goesOn(after rounds: [Int]) -> Bool {
        guard let last = rounds.last else { return true }
        if last <= enoughPageCount || rounds.count >= roundsMax { return false }
        // The guest writes them nearly as fast as they are copied.
        return rounds.count == 1 || last <= rounds[rounds.count - 2] / 2
    }

    /// An epoch was cut: so many pages were copied before the pause, and so many in it.
    public mutating func note(preCopied: Int, inPause: Int, all: Int) {
        expectedPageCount = all
        if preCopied == 0 {
            skippedLeft = max(0, skippedLeft - 1)
            return
        }
        if inPause > preCopied / 2 {
            skippedLeft = skipped
            skipped = min(2 * skipped, PreCopyPolicy.skippedMax)
        } else {
            skipped = PreCopyPolicy.skippedMin
        }
    }
}
