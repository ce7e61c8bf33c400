/// Whether an epoch's pages are left open to writes: pure, counts are passed in.
///
/// A guest that answers one request after the other writes much the same pages for each. Protecting them again costs
/// it a fault each time; a page that is left open is copied with every epoch and compared with what the mirror has,
/// which is less. (Redis with one client writes 20 for each request: it answers after 0.32 ms instead of 0.39.) So they
/// are protected once more only when too many have come together that were not written of late.
public struct OpenPagesPolicy: Sendable {
    /// More are protected each time: those of 50 clients are others each time, of 190 half, and redis was 8 % slower.
    /// It is not left to this policy alone: an epoch may be unlike the one before.
    public static let pageCountMax = 64
    /// So many come together in any case.
    static let fewPages = 4

    /// How many were written in the first epoch since all were protected.
    private var freshPageCount = 0
    private var lastPageCount = 0
    private var wereLeftOpen = false

    public init() {}

    /// Whether the next epoch's may be. Epochs mostly are like the one before.
    public var leavesOpen: Bool {
        let limit = freshPageCount + freshPageCount / 4 + OpenPagesPolicy.fewPages
        return lastPageCount <= min(OpenPagesPolicy.pageCountMax, limit)
    }

    /// An epoch was cut, in which so many pages were found.
    public mutating func note(pageCount: Int, leftOpen: Bool) {
        if !wereLeftOpen { freshPageCount = pageCount }
        lastPageCount = pageCount
        wereLeftOpen = leftOpen
    }
}
