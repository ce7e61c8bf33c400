/// What a primary does about its output and its mirror (architecture §6): pure, time and messages are passed in.
///
/// Output goes out for acknowledged epochs only, and only while the lease holds: so one that wakes from a long freeze,
/// behind the back of a mirror that took over, says nothing. It goes on without a mirror only when that mirror can
/// neither have taken over nor ever do so: it said so itself; its process is gone and the lease holds; its process died
/// on this machine without having taken over; or both sides fence before they act, and this side was first.
public struct PrimaryDecision: Sendable {
    public enum State: Equatable, Sendable {
        /// No link yet.
        case joining
        /// Output waits for the mirror's acks.
        case protected
        /// Nothing is held any more.
        case unprotected
        /// The mirror has taken over. Final.
        case superseded
        /// The guest has ended, and the mirror has its end. Final.
        case finished
    }

    public private(set) var state = State.joining
    private let step: UInt64
    private let fence: FenceMeans
    private let silencePolicy: SilencePolicy

    private var lease: Lease
    private var silence: Silence
    private var acknowledged: UInt64 = 0
    private var released: UInt64 = 0
    private var finalEpoch: UInt64?

    private var linkIsOpen = true
    private var hasSentFirstEpoch = false
    /// The connection closed and the probe was refused.
    private var isMirrorGone = false
    /// The reasons to hold that have been said since the mirror last answered in time.
    private var saidReasons: [String] = []
    private var isFencing = false
    private var isProbing = false
    private var canProbe: Bool
    private var nextProbeAt: UInt64 = 0

    /// - Parameters:
    ///   - failureTimeoutNanoseconds: what the handshake agreed on; nil is off.
    ///   - fence: how this side can stop a mirror that stays silent.
    ///   - canProbe: the mirror's probe port has answered once with the nonce. Otherwise a refusal would show nothing,
    ///     and a closed connection counts as silence.
    public init(
        failureTimeoutNanoseconds: UInt64?, fence: FenceMeans, canProbe: Bool, silencePolicy: SilencePolicy = .hold
    ) {
        step = FailureTimeout.stepNanoseconds(failureTimeoutNanoseconds)
        self.fence = fence
        self.canProbe = canProbe
        self.silencePolicy = silencePolicy
        lease = Lease(failureTimeoutNanoseconds: failureTimeoutNanoseconds)
        silence = Silence(failureTimeoutNanoseconds: failureTimeoutNanoseconds)
    }

    /// What to do about `event` at `now` (CLOCK_BOOTTIME, nanoseconds).
    public mutating func handle(_ event: PrimaryEvent, now: UInt64) -> [PrimaryAction] {
        if case .probeFinished = event { isProbing = false }
        if state == .protected { silence.advance(to: now) }
        switch (state, event) {
        case (.superseded, _), (.finished, _):
            return []
        case (_, .mirrorTookOver), (_, .probeFinished(.tookOver)), (_, .mirrorDied(hadTakenOver: true)):
            state = .superseded
            return [.endSuperseded]
        case (.joining, .linkEstablished):
            state = .protected
            silence.advance(to: now)
            return []
        case (.unprotected, .tick):
            return silencePolicy == .goOnUnsafely ? probeIfDue(now) : []
        case (.joining, _), (.unprotected, _), (.protected, .linkEstablished):
            return []

        case (.protected, .firstEpochSent):
            hasSentFirstEpoch = true
            return []
        case (.protected, .heartbeatSent(let sequence, let time)):
            lease.sent(sequence: sequence, at: time)
            return []
        case (.protected, .heartbeatAnswered(let sequence)):
            lease.answered(sequence: sequence)
            return renewed(now)
        case (.protected, .ack(let epoch)):
            acknowledged = max(acknowledged, epoch)
            return releaseIfAllowed(now)
        case (.protected, .guestEnded(let epoch)):
            finalEpoch = epoch
            return finishIfReleased()

        case (.protected, .epochRefused(let reason)):
            return goUnprotected("the mirror has given up: \(reason)")
        case (.protected, .mirrorDied(hadTakenOver: false)):
            return goUnprotected("the mirror's process has ended")
        case (.protected, .linkClosed):
            return lostLink(now)
        case (.protected, .probeFinished(.refused)):
            return refused(now)
        case (.protected, .probeFinished(.alive)):
            return linkIsOpen ? [] : hold("the link to the mirror broke, though the mirror lives")
        case (.protected, .probeFinished(.unreachable)):
            return linkIsOpen ? [] : hold("the link to the mirror broke, and nothing is known of the mirror")
        case (.protected, .fenced(true)):
            // After a kill the shared page has the last word: the mirror's death is told with it.
            return fence == .command ? goUnprotected("the mirror was silent and has been fenced") : []
        case (.protected, .fenced(false)):
            isFencing = false
            silence.restart()
            return hold("the mirror is silent and could not be fenced")
        case (.protected, .tick):
            return watch(now)
        }
    }
}

// MARK: - Output

extension PrimaryDecision {
    private mutating func releaseIfAllowed(_ now: UInt64) -> [PrimaryAction] {
        guard acknowledged > released, lease.holds(at: now) else { return [] }
        released = acknowledged
        return [.release(upTo: released)] + finishIfReleased()
    }

    private mutating func finishIfReleased() -> [PrimaryAction] {
        guard let finalEpoch, released >= finalEpoch else { return [] }
        state = .finished
        return [.finish]
    }

    private mutating func goUnprotected(_ reason: String) -> [PrimaryAction] {
        state = .unprotected
        return [.goUnprotected(reason)]
    }

    private mutating func hold(_ reason: String) -> [PrimaryAction] {
        if saidReasons.contains(reason) { return [] }
        saidReasons.append(reason)
        return [.hold(reason)]
    }
}

// MARK: - The mirror

extension PrimaryDecision {
    /// A heartbeat was answered. An answer that is too old for the lease is as good as none.
    private mutating func renewed(_ now: UInt64) -> [PrimaryAction] {
        guard lease.holds(at: now) else { return [] }
        if isMirrorGone { return goUnprotected("the mirror is gone") }
        silence.restart()
        if linkIsOpen { saidReasons = [] }
        return releaseIfAllowed(now)
    }

    private mutating func lostLink(_ now: UInt64) -> [PrimaryAction] {
        guard linkIsOpen else { return [] }
        linkIsOpen = false
        nextProbeAt = now
        if !hasSentFirstEpoch { return goUnprotected("the link to the mirror closed before it had a whole epoch") }
        if canProbe { return probeIfDue(now) }
        return hold("the link to the mirror closed, and the mirror's process cannot be probed")
    }

    private mutating func refused(_ now: UInt64) -> [PrimaryAction] {
        if linkIsOpen { return [] }
        isMirrorGone = true
        if lease.holds(at: now) { return goUnprotected("the mirror is gone") }
        return hold("the mirror is gone, but was silent before: it may have taken over and ended since")
    }

    /// What time alone brings: the mirror's silence, and the next probe.
    private mutating func watch(_ now: UInt64) -> [PrimaryAction] {
        var actions: [PrimaryAction] = []
        if silence.hasLasted(failureTimeouts: 1) {
            if silencePolicy == .goOnUnsafely { return goUnprotected("the mirror is silent; this is unsafe") }
            actions += hold("the mirror is silent")
        }
        // Twice as late as the mirror would fence this side, so that after a stall of the whole machine not both are.
        if fence != .none, !isFencing, silence.hasLasted(failureTimeouts: 2) {
            isFencing = true
            actions.append(.fenceMirror)
        }
        return actions + probeIfDue(now)
    }

    /// A mirror whose link closed is probed again and again: one that is just ending may still accept, and one that has
    /// taken over says so. When the lease is out there is less to win, and it is tried less often.
    private mutating func probeIfDue(_ now: UInt64) -> [PrimaryAction] {
        let isDoubtful = !linkIsOpen || !saidReasons.isEmpty || state == .unprotected
        guard canProbe, isDoubtful, !isMirrorGone, !isProbing, now >= nextProbeAt else { return [] }
        isProbing = true
        nextProbeAt = now + (lease.holds(at: now) ? step : 10 * step)
        return [.probe]
    }
}
