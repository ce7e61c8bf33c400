/// Whether most pages of an epoch are copied while the guest goes on, so that it stands still for the rest alone: pure,
/// counts are passed in. (Not the time that passed: on a busy machine that says little, also in processor time, as
/// telling other processors of a page takes as long as they take to listen.)
///
/// Copying them first costs no pause, but those that the guest writes again meanwhile are copied twice, and each costs
/// it one more fault; and dirty pages are searched for once more, unless nobody ran. What takes a moment is not worth
/// it, nor are pages that are written all the time.
public struct PreCopyPolicy: Sendable {
    /// Collecting pages takes as long as some wake-ups of other threads: 250 pages, or 100 of a guest of 80 MB.
    public static let worthwhileNanoseconds: UInt64 = 160_000
    /// As many stores to watched pages as that, about.
    public static let worthwhileFaultCount: UInt64 = 2048
    /// Rounds end when so few were written during the last one.
    public static let enoughPageCount = 256
    static let roundsMax = 4
    static let skippedMin = 4
    static let skippedMax = 64

    /// What it takes to collect an epoch's pages.
    public struct Work: Sendable {
        /// Pages that a search for dirty ones goes over, and how many searches there were.
        public var searchedPageCount: Int
        public var searchCount: Int
        /// Pages that were copied.
        public var pageCount: Int
        /// Whether dirty pages are found by protecting them one by one.
        public var isBySignals: Bool

        public init(searchedPageCount: Int, searchCount: Int, pageCount: Int, isBySignals: Bool) {
            self.searchedPageCount = searchedPageCount
            self.searchCount = searchCount
            self.pageCount = pageCount
            self.isBySignals = isBySignals
        }

        /// What a search takes of that; nothing where pages are protected one by one.
        var searchNanoseconds: UInt64 { isBySignals ? 0 : UInt64(searchedPageCount) * 7 }

        /// About. (PAGEMAP_SCAN of 25 000 pages takes 180 us, copying 100 pages 60, and closing and opening one by
        /// mprotect 4: docs/performance.md.)
        public var nanoseconds: UInt64 {
            if isBySignals { return UInt64(pageCount) * 4000 }
            return UInt64(searchCount) * searchNanoseconds + UInt64(pageCount) * 600
        }
    }

    /// What collecting the pages of the last epochs took, in nanoseconds; the oldest is at `next`.
    private var recent = [UInt64](repeating: 0, count: PreCopyPolicy.recentCount)
    private var next = 0
    static let recentCount = 4
    /// Epochs in a row that needed no search, as it was known where to look.
    private var unsearchedCount = 0
    /// Epochs that are cut without it, as it was in vain, and how many it will be the next time.
    private var skippedLeft = 0
    private var skipped = PreCopyPolicy.skippedMin

    public init() {}

    /// Whether the next epoch begins with it, before which the process has taken so many page faults. Epochs mostly are
    /// like those before.
    public func isWorthwhile(faultCount: UInt64) -> Bool {
        if skippedLeft > 0 { return false }
        if faultCount >= PreCopyPolicy.worthwhileFaultCount { return true }
        return recent.allSatisfy { $0 >= PreCopyPolicy.worthwhileNanoseconds }
    }

    /// Whether to go round once more, after rounds that copied so many pages each.
    public static func goesOn(after rounds: [Int]) -> Bool {
        guard let last = rounds.last else { return true }
        if last <= enoughPageCount || rounds.count >= roundsMax { return false }
        // The guest writes them nearly as fast as they are copied.
        return rounds.count == 1 || last <= rounds[rounds.count - 2] / 2
    }

    /// The first epoch was cut, most of which was copied before; the next ones will take a search at least.
    public mutating func noteFirst(_ search: Work) {
        recent = [UInt64](repeating: search.nanoseconds, count: PreCopyPolicy.recentCount)
    }

    /// An epoch was cut, of whose collecting so much was done before the pause (nil for none), and so much in it.
    public mutating func note(before: Work?, inPause: Work) {
        let searchCount = (before?.searchCount ?? 0) + inPause.searchCount
        unsearchedCount = searchCount == 0 ? unsearchedCount + 1 : 0
        // The next one may need a search all the same, unless many in a row did not.
        let mayNeedSearch = unsearchedCount > 0 && unsearchedCount < PreCopyPolicy.recentCount
        let search = mayNeedSearch ? inPause.searchNanoseconds : 0
        let (before, inPause) = (before?.nanoseconds, inPause.nanoseconds)
        recent[next] = (before ?? 0) + inPause + search
        next = (next + 1) % PreCopyPolicy.recentCount
        guard let before else {
            skippedLeft = max(0, skippedLeft - 1)
            return
        }
        if inPause > before / 2 {
            skippedLeft = skipped
            skipped = min(2 * skipped, PreCopyPolicy.skippedMax)
        } else {
            skipped = PreCopyPolicy.skippedMin
        }
    }
}
