/// Whether and when a mirror goes on in its primary's place (architecture §6): pure, time and messages are passed in.
///
/// It takes over when it holds a whole epoch and the primary's process is gone, or the primary has been silent for the
/// failure timeout and was fenced; where nothing can fence it, on silence alone: the primary's output waits for acks,
/// and a mirror that has taken over sends none.
public struct MirrorDecision: Sendable {
    public enum State: Equatable, Sendable {
        /// No link yet.
        case joining
        /// The primary runs the guest.
        case watching
        /// The primary was silent and is being fenced: this can no longer be called off.
        case fencing
        /// The guest is this side's. Final.
        case takenOver
        /// Never takes over. Final.
        case stoodDown
        /// The guest has ended on the primary. Final.
        case finished
    }

    public private(set) var state = State.joining
    private let step: UInt64
    private let fence: FenceMeans
    private let canProbe: Bool

    private var silence: Silence
    /// The last whole epoch; 0 before the first.
    private var committed: UInt64 = 0
    /// Why to stand down if the fencing under way fails.
    private var standDownReason: String?
    private var linkIsOpen = true
    /// The reasons to hold that have been said since the primary was last heard.
    private var saidReasons: [String] = []
    private var isProbing = false
    private var nextProbeAt: UInt64 = 0

    /// - Parameters:
    ///   - failureTimeoutNanoseconds: what the handshake agreed on; nil is off.
    ///   - fence: how this side stops a primary that is silent.
    ///   - canProbe: the primary's probe port has answered once with the nonce. Otherwise a refusal would show nothing,
    ///     and a closed connection counts as silence.
    public init(failureTimeoutNanoseconds: UInt64?, fence: FenceMeans, canProbe: Bool) {
        step = FailureTimeout.stepNanoseconds(failureTimeoutNanoseconds)
        self.fence = fence
        self.canProbe = canProbe
        silence = Silence(failureTimeoutNanoseconds: failureTimeoutNanoseconds)
    }

    /// Whether an epoch may still be committed and acknowledged. Once the link stands, false is for ever.
    public var mayAcknowledge: Bool {
        (state == .watching || state == .fencing) && standDownReason == nil
    }

    /// What heartbeats and probes are answered with.
    public var hasTakenOver: Bool { state == .takenOver }

    /// What to do about `event` at `now` (CLOCK_BOOTTIME, nanoseconds).
    public mutating func handle(_ event: MirrorEvent, now: UInt64) -> [MirrorAction] {
        if case .probeFinished = event { isProbing = false }
        silence.advance(to: now)
        switch (state, event) {
        case (.takenOver, _), (.stoodDown, _), (.finished, _):
            return []
        case (.joining, .linkEstablished):
            state = .watching
            silence.restart()
            return []
        case (.joining, .interrupted), (.watching, .interrupted):
            return standDown("interrupted")
        case (.joining, _), (_, .linkEstablished):
            return []

        case (_, .byeReceived):
            state = .finished
            return [.finish]
        case (_, .heartbeatReceived):
            silence.restart()
            if linkIsOpen { saidReasons = [] }
            return []
        case (_, .epochCommitted(let epoch)):
            if mayAcknowledge { committed = max(committed, epoch) }
            return []
        case (_, .primaryDied):
            return goOn()
        case (_, .linkClosed):
            return lostLink(now)
        case (_, .probeFinished(.refused)):
            return linkIsOpen ? [] : goOn()
        case (_, .probeFinished(.alive)), (_, .probeFinished(.unreachable)), (_, .probeFinished(.tookOver)):
            return linkIsOpen ? [] : hold("the link to the primary broke, and the primary is not seen to be gone")

        case (.watching, .epochRefusedByUs(let reason)):
            return standDown(reason)
        case (.watching, .tick):
            return watch(now)
        case (.watching, .fenced):
            return []

        case (.fencing, .epochRefusedByUs(let reason)):
            standDownReason = standDownReason ?? reason
            return []
        case (.fencing, .interrupted):
            standDownReason = standDownReason ?? "interrupted"
            return []
        case (.fencing, .fenced(true)):
            return goOn()
        case (.fencing, .fenced(false)):
            return fenceFailed()
        case (.fencing, .tick):
            return probeIfDue(now)
        }
    }

    /// The primary does nothing any more.
    private mutating func goOn() -> [MirrorAction] {
        guard committed > 0 else { return standDown("the primary was gone before its first epoch was whole") }
        state = .takenOver
        return [.takeOver(epoch: committed)]
    }

    private mutating func standDown(_ reason: String) -> [MirrorAction] {
        state = .stoodDown
        return [.standDown(reason)]
    }

    private mutating func hold(_ reason: String) -> [MirrorAction] {
        if saidReasons.contains(reason) { return [] }
        saidReasons.append(reason)
        return [.hold(reason)]
    }

    private mutating func lostLink(_ now: UInt64) -> [MirrorAction] {
        guard linkIsOpen else { return [] }
        linkIsOpen = false
        guard committed > 0 else { return standDown("the link closed before the first epoch was whole") }
        if canProbe { return probeIfDue(now) }
        return hold("the link to the primary closed, and the primary's process cannot be probed")
    }

    /// The primary lives, or may: the next try comes after as long a silence again.
    private mutating func fenceFailed() -> [MirrorAction] {
        if let standDownReason { return standDown(standDownReason) }
        state = .watching
        silence.restart()
        return hold("the primary is silent and could not be fenced")
    }

    /// While the first epoch comes a silence endangers nobody, and a mirror that leaves costs the guest its protection.
    private static let attachingPatienceTimeouts: UInt64 = 10

    /// What time alone brings: the primary's silence, and the next probe. A mirror without a whole epoch has nothing to
    /// go on with, and fences nobody; it does not wait for ever for a primary whose machine is gone.
    private mutating func watch(_ now: UInt64) -> [MirrorAction] {
        guard committed > 0 else {
            let isTooLong = silence.hasLasted(failureTimeouts: MirrorDecision.attachingPatienceTimeouts)
            return isTooLong ? standDown("the primary was silent before its first epoch was whole") : probeIfDue(now)
        }
        guard silence.hasLasted(failureTimeouts: 1) else { return probeIfDue(now) }
        if fence == .none { return goOn() }
        state = .fencing
        return [.fence]
    }

    /// A primary whose link closed is probed again and again: one that is just ending may still accept.
    private mutating func probeIfDue(_ now: UInt64) -> [MirrorAction] {
        guard canProbe, !linkIsOpen, !isProbing, now >= nextProbeAt else { return [] }
        isProbing = true
        nextProbeAt = now + step
        return [.probe]
    }
}
