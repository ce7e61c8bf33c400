/// How long the peer was not heard while this side was there to listen.
///
/// A step between two events counts as a quarter of the failure timeout at most: a side that was frozen or starved
/// finds what the peer said meanwhile only after its clock. Counting less than what passed is always safe; counting it
/// in full would fail a healthy peer.
struct Silence: Sendable {
    private let failureTimeout: UInt64?
    private var countedUntil: UInt64?
    private var nanoseconds: UInt64 = 0

    /// Nil: nothing is ever taken for failure.
    init(failureTimeoutNanoseconds: UInt64?) {
        failureTimeout = failureTimeoutNanoseconds
    }

    /// Counts the time up to `now`. To be called with every event, ticks among them.
    mutating func advance(to now: UInt64) {
        guard let failureTimeout else { return }
        let last = countedUntil ?? now
        guard now > last || countedUntil == nil else { return }
        nanoseconds += min(now - last, failureTimeout / 4)
        countedUntil = now
    }

    /// The peer was heard, or its silence was acted upon: counting starts again.
    mutating func restart() {
        nanoseconds = 0
    }

    /// Whether it has lasted that many failure timeouts.
    func hasLasted(failureTimeouts count: UInt64) -> Bool {
        guard let failureTimeout else { return false }
        return nanoseconds >= failureTimeout * count
    }
}
