/// The silence that counts as failure, in nanoseconds; nil: silence never does.
public enum FailureTimeout {
    /// What both sides go by after the handshake: the larger of both, so that neither acts sooner than it was told to;
    /// off if either is off.
    public static func agreed(primary: UInt64?, mirror: UInt64?) -> UInt64? {
        guard let primary, let mirror else { return nil }
        return max(primary, mirror)
    }

    /// How often a closed link's peer is probed while an answer still decides something; heartbeats and ticks should
    /// come as often. A tenth of the timeout, so that a few may get lost; 5 ms is what a busy machine can keep up.
    public static func stepNanoseconds(_ failureTimeout: UInt64?) -> UInt64 {
        guard let failureTimeout else { return 100_000_000 }
        return max(failureTimeout / 10, 5_000_000)
    }
}
