import Replication

/// A primary's decision with the rules it must keep, worked out anew from the events alone.
struct CheckedPrimary {
    let settings: Settings
    private(set) var decision: PrimaryDecision
    /// The first rule that was broken.
    private(set) var violation: String?

    private(set) var isProbing = false
    private(set) var isFencing = false
    private(set) var hasEnded = false
    private(set) var isUnprotected = false
    private(set) var released: UInt64 = 0
    private var acknowledged: UInt64 = 0
    private var finalEpoch: UInt64?
    private var sentAt: [UInt64: UInt64] = [:]
    private var answeredSentAt: UInt64?
    /// When the link came to be, or a heartbeat was last answered in time for the lease.
    private var heardAt: UInt64 = 0
    private var linkIsClosed = false
    private var hasSentFirstEpoch = false
    private var isMirrorGone = false
    private var isMirrorHarmless = false
    private var hasHeardOfTakeover = false

    /// What a decision is made with.
    struct Settings: CustomStringConvertible, Sendable {
        var failureTimeout: UInt64? = timeout
        var fence = FenceMeans.none
        var canProbe = true
        var silencePolicy = SilencePolicy.hold

        var description: String {
            let name = failureTimeout.map { "\($0 / millisecond) ms" } ?? "off"
            return "timeout \(name), fence \(fence), probe \(canProbe), \(silencePolicy)"
        }
    }

    init(_ settings: Settings) {
        self.settings = settings
        decision = PrimaryDecision(
            failureTimeoutNanoseconds: settings.failureTimeout, fence: settings.fence, canProbe: settings.canProbe,
            silencePolicy: settings.silencePolicy)
    }

    @discardableResult
    mutating func handle(_ event: PrimaryEvent, now: UInt64) -> [PrimaryAction] {
        let isFirstClose = event == .linkClosed && !linkIsClosed
        learn(event, now)
        let actions = decision.handle(event, now: now)
        for action in actions {
            if let broken = rule(brokenBy: action, now) { violation = violation ?? "\(broken): \(action) on \(event)" }
        }
        if let broken = omission(after: event, now) { violation = violation ?? "\(broken) on \(event)" }
        if isFirstClose, settings.canProbe, !hasEnded, !isUnprotected, !isProbing {
            violation = violation ?? "not probed on \(event)"
        }
        return actions
    }

    private mutating func learn(_ event: PrimaryEvent, _ now: UInt64) {
        switch event {
        case .linkEstablished: heardAt = now
        case .ack(let epoch): acknowledged = max(acknowledged, epoch)
        case .epochRefused, .mirrorDied(hadTakenOver: false): isMirrorHarmless = true
        case .heartbeatSent(let sequence, let time): sentAt[sequence] = time
        case .heartbeatAnswered(let sequence):
            if let time = sentAt[sequence] { answeredSentAt = max(answeredSentAt ?? 0, time) }
            if leaseHolds(now) { heardAt = now }
        case .firstEpochSent: hasSentFirstEpoch = true
        case .linkClosed:
            linkIsClosed = true
            if !hasSentFirstEpoch { isMirrorHarmless = true }
        case .mirrorDied(hadTakenOver: true), .mirrorTookOver: hasHeardOfTakeover = true
        case .probeFinished(let probe):
            isProbing = false
            if probe == .tookOver { hasHeardOfTakeover = true }
            if probe == .refused, linkIsClosed { isMirrorGone = true }
        case .fenced(let succeeded):
            isFencing = false
            if succeeded, settings.fence == .command { isMirrorHarmless = true }
        case .tick: break
        case .guestEnded(let epoch): finalEpoch = epoch
        }
    }

    private func leaseHolds(_ now: UInt64) -> Bool {
        guard let failureTimeout = settings.failureTimeout else { return true }
        guard let answeredSentAt else { return false }
        return now < answeredSentAt + failureTimeout - max(failureTimeout / 10, 10 * millisecond)
    }

    private func isSilent(_ now: UInt64) -> Bool {
        guard let failureTimeout = settings.failureTimeout else { return false }
        return now >= heardAt + failureTimeout
    }

    private mutating func rule(brokenBy action: PrimaryAction, _ now: UInt64) -> String? {
        if hasEnded { return "something was done after the end" }
        switch action {
        case .release(let epoch):
            if epoch <= released { return "released twice" }
            released = epoch
            if epoch > acknowledged { return "released what was not acknowledged" }
            if hasHeardOfTakeover { return "released after being superseded" }
            if isUnprotected { return "released what was out already" }
            if !leaseHolds(now) { return "released without a lease" }
        case .probe:
            if isProbing || !settings.canProbe { return "probed for nothing" }
            isProbing = true
        case .fenceMirror:
            if isFencing || settings.fence == .none || !isSilent(now) { return "fenced for nothing" }
            isFencing = true
        case .hold:
            if isUnprotected { return "held when unprotected" }
        case .goUnprotected:
            if isUnprotected { return "went on twice" }
            isUnprotected = true
            if hasHeardOfTakeover { return "went on though superseded" }
            let isTold = settings.silencePolicy == .goOnUnsafely && isSilent(now)
            let isSafe = isMirrorHarmless || (isMirrorGone && leaseHolds(now))
            if !isSafe && !isTold { return "went on though the mirror may have taken over" }
        case .endSuperseded:
            hasEnded = true
            if !hasHeardOfTakeover { return "ended for nothing" }
        case .finish:
            hasEnded = true
            guard let finalEpoch, released >= finalEpoch, !isUnprotected else { return "finished too early" }
        }
        return nil
    }

    /// What should have been done.
    private func omission(after event: PrimaryEvent, _ now: UInt64) -> String? {
        if hasEnded { return nil }
        if hasHeardOfTakeover { return "not ended though superseded" }
        if isUnprotected || event == .linkEstablished { return nil }
        if isMirrorHarmless { return "held though the mirror can never take over" }
        switch event {
        case .ack, .heartbeatAnswered:
            if leaseHolds(now), acknowledged > released { return "not released" }
            if leaseHolds(now), isMirrorGone { return "held though the mirror is gone" }
        case .guestEnded(let epoch):
            if released >= epoch { return "not finished" }
        default: break
        }
        return nil
    }
}
