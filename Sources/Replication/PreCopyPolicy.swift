/// Whether most pages of an epoch are copied while the guest goes on, so that it stands still for the rest alone: pure,
/// times and counts are passed in.
///
/// Copying them first costs no pause, but those that the guest writes again meanwhile are copied twice, and each costs
/// it one more fault; and dirty pages are searched for once more, unless nobody ran. What takes a moment is not worth
/// it, nor are pages that are written all the time.
public struct PreCopyPolicy: Sendable {
    /// Collecting pages takes as long as a few wake-ups of other threads: 300 pages, or 100 of a guest of 100 MB.
    public static let worthwhileNanoseconds: UInt64 = 200_000
    /// As many stores to watched pages as that, about.
    public static let worthwhileFaultCount: UInt64 = 2048
    /// Rounds end when so few were written during the last one.
    public static let enoughPageCount = 256
    static let roundsMax = 4
    static let skippedMin = 4
    static let skippedMax = 64

    /// What collecting the pages of the last epochs took, in nanoseconds.
    private var recent: (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// Epochs that are cut without it, as it was in vain, and how many it will be the next time.
    private var skippedLeft = 0
    private var skipped = PreCopyPolicy.skippedMin

    public init() {}

    /// Whether the next epoch begins with it, before which the process has taken so many page faults. Epochs mostly are
    /// like those before; one that took long because the processor was taken away says nothing.
    public func isWorthwhile(faultCount: UInt64) -> Bool {
        if skippedLeft > 0 { return false }
        if faultCount >= PreCopyPolicy.worthwhileFaultCount { return true }
        return min(recent.0, recent.1, recent.2) >= PreCopyPolicy.worthwhileNanoseconds
    }

    /// Whether to go round once more, after rounds that copied so many pages each.
    public static func goesOn(after rounds: [Int]) -> Bool {
        guard let last = rounds.last else { return true }
        if last <= enoughPageCount || rounds.count >= roundsMax { return false }
        // The guest writes them nearly as fast as they are copied.
        return rounds.count == 1 || last <= rounds[rounds.count - 2] / 2
    }

    /// The first epoch was cut, most of which was copied before; the last search for dirty pages took so long. Those of
    /// the next ones will take as long.
    public mutating func noteFirst(searchNanoseconds: UInt64) {
        recent = (searchNanoseconds, searchNanoseconds, searchNanoseconds)
    }

    /// An epoch was cut: its pages were collected in so many nanoseconds before the pause (0 for not at all), and so
    /// many in it.
    public mutating func note(beforeNanoseconds: UInt64, inPauseNanoseconds: UInt64) {
        recent = (recent.1, recent.2, beforeNanoseconds + inPauseNanoseconds)
        if beforeNanoseconds == 0 {
            skippedLeft = max(0, skippedLeft - 1)
            return
        }
        if inPauseNanoseconds > beforeNanoseconds / 2 {
            skippedLeft = skipped
            skipped = min(2 * skipped, PreCopyPolicy.skippedMax)
        } else {
            skipped = PreCopyPolicy.skippedMin
        }
    }
}
