/// How long a primary may take it for granted that the mirror has not taken over on silence.
///
/// A mirror that received a heartbeat counts its silence from then on, so it cannot take over before the failure
/// timeout has passed since that heartbeat was *sent*. An answer shows that it was received. Time is CLOCK_BOOTTIME,
/// which goes on while the machine is suspended, and the time of sending is this side's own, not one that the peer
/// echoes.
public struct Lease: Sendable {
    private struct Heartbeat {
        let sequence: UInt64
        let sentAt: UInt64
    }

    /// Older ones are forgotten: at ten heartbeats per failure timeout their answers could give no lease any more.
    static let unansweredCountMax = 64

    /// Nil: without a failure timeout no mirror takes over on silence, and the lease always holds.
    public let durationNanoseconds: UInt64?
    private var unanswered: [Heartbeat] = []
    private var answeredSentAt: UInt64?

    public init(failureTimeoutNanoseconds: UInt64?) {
        durationNanoseconds = failureTimeoutNanoseconds.map { $0 - Lease.marginNanoseconds($0) }
    }

    /// How much sooner than the failure timeout the lease ends. The two machines' clocks run at rates that differ by
    /// 1000 ppm at most (adjtimex(2) slews by 500), so 10 % is ample for them; at least 10 ms, a scheduler's slice or
    /// two, for output that is let out just after the lease was looked at. At most half of a very short timeout.
    static func marginNanoseconds(_ failureTimeout: UInt64) -> UInt64 {
        min(max(failureTimeout / 10, 10_000_000), failureTimeout / 2)
    }

    /// A heartbeat goes out. `time` was read before it was sent; sequence numbers rise.
    public mutating func sent(sequence: UInt64, at time: UInt64) {
        if unanswered.count == Lease.unansweredCountMax { unanswered.removeFirst() }
        unanswered.append(Heartbeat(sequence: sequence, sentAt: time))
    }

    /// The mirror answered that heartbeat, and had not taken over. Answers to what was never sent count for nothing.
    public mutating func answered(sequence: UInt64) {
        guard let index = unanswered.firstIndex(where: { $0.sequence == sequence }) else { return }
        answeredSentAt = max(answeredSentAt ?? 0, unanswered[index].sentAt)
        unanswered.removeFirst(index + 1)
    }

    public func holds(at now: UInt64) -> Bool {
        guard let durationNanoseconds else { return true }
        guard let answeredSentAt else { return false }
        return now < answeredSentAt + durationNanoseconds
    }
}
