/// Whether an epoch's pages are left open to writes: pure, counts are passed in.
///
/// A guest that answers one request after the other writes much the same pages for each. Protecting them again costs
/// it a fault each time; a page that is left open is copied with every epoch and compared with what the mirror has,
/// which is less. (Redis with one client writes 20 for each request: it answers after 0.32 ms instead of 0.39. With 50
/// clients it writes 95 for each 40 requests, of which one of the two epochs before had 93: its thread takes 12 us of
/// processor time a request instead of 14.) So they are protected once more only when too many have come together
/// that were not written of late.
public struct OpenPagesPolicy: Sendable {
    /// More are protected each time: copying them takes a twentieth of a millisecond of the pause.
    /// It is not left to this policy alone: an epoch may be unlike the one before.
    public static let pageCountMax = 192
    /// Those of a guest of so many pages are copied beside it instead (`PreCopyPolicy`), which costs no pause at all,
    /// but for these few.
    static let largePageCount = 8192
    static let pageCountMaxOfLarge = 64
    /// So many come together in any case.
    static let fewPages = 4
    /// After so many epochs in a row all are protected once: an epoch that happened to write many would have them
    /// copied for ever, and what is not written any more is not told from what is.
    static let openMax = 256
    /// So many epochs in a row are better than none.
    static let worthwhileCount = 2
    /// Where they are others each time it is tried again after so many epochs.
    static let restMax = 64

    /// How many pages the guest has, about.
    public var residentPageCount = 0
    /// How many were written in the first epoch since all were protected.
    private var freshPageCount = 0
    private var lastPageCount = 0
    /// Epochs in a row that left theirs open; 0 after one that protected all.
    private var openCount = 0
    /// Epochs that protect theirs whatever they find, and how many the next time.
    private var restLeft = 0
    private var rest = 0

    public init() {}

    /// Whether the next epoch's may be. Epochs mostly are like the one before.
    public var leavesOpen: Bool {
        restLeft == 0 && openCount < OpenPagesPolicy.openMax && lastPageCount <= limit
    }

    /// An epoch was cut, in which so many pages were found.
    public mutating func note(pageCount: Int, leftOpen: Bool) {
        if openCount == 0 {
            freshPageCount = pageCount
        } else if pageCount > limit, lastPageCount <= limit {
            noteOthers()
        }
        openCount = leftOpen ? openCount + 1 : 0
        if !leftOpen, restLeft > 0 { restLeft -= 1 }
        lastPageCount = pageCount
    }

    private var limit: Int {
        let isLarge = residentPageCount > OpenPagesPolicy.largePageCount
        let pageCountMax = isLarge ? OpenPagesPolicy.pageCountMaxOfLarge : OpenPagesPolicy.pageCountMax
        return min(pageCountMax, freshPageCount + freshPageCount / 4 + OpenPagesPolicy.fewPages)
    }

    /// Too many have come together.
    private mutating func noteOthers() {
        guard openCount < OpenPagesPolicy.worthwhileCount else {
            rest = 0
            return
        }
        restLeft = rest
        rest = min(max(1, 2 * rest), OpenPagesPolicy.restMax)
    }
}
