import Replication

/// A mirror's decision with the rules it must keep, worked out anew from the events alone.
struct CheckedMirror {
    let settings: Settings
    private(set) var decision: MirrorDecision
    /// The first rule that was broken.
    private(set) var violation: String?

    private(set) var isProbing = false
    private(set) var isFencing = false
    private(set) var hasEnded = false
    private(set) var committed: UInt64 = 0
    private var heardAt: UInt64 = 0
    private var linkIsClosed = false
    private var isPrimaryGone = false
    private var hasGivenUp = false
    private var hasSaidGoodbye = false

    /// What a decision is made with.
    struct Settings: CustomStringConvertible, Sendable {
        var failureTimeout: UInt64? = timeout
        var fence = FenceMeans.none
        var canProbe = true

        var description: String {
            let name = failureTimeout.map { "\($0 / millisecond) ms" } ?? "off"
            return "timeout \(name), fence \(fence), probe \(canProbe)"
        }
    }

    init(_ settings: Settings) {
        self.settings = settings
        decision = MirrorDecision(
            failureTimeoutNanoseconds: settings.failureTimeout, fence: settings.fence, canProbe: settings.canProbe)
    }

    @discardableResult
    mutating func handle(_ event: MirrorEvent, now: UInt64) -> [MirrorAction] {
        let wasFencing = isFencing
        learn(event, now)
        let actions = decision.handle(event, now: now)
        for action in actions {
            if let broken = rule(brokenBy: action, wasFencing, now) {
                violation = violation ?? "\(broken): \(action) on \(event)"
            }
        }
        if let broken = omission(event) { violation = violation ?? "\(broken) on \(event)" }
        return actions
    }

    private mutating func learn(_ event: MirrorEvent, _ now: UInt64) {
        switch event {
        case .linkEstablished, .heartbeatReceived: heardAt = now
        case .epochCommitted(let epoch):
            if decision.mayAcknowledge { committed = max(committed, epoch) }
        case .epochRefusedByUs, .interrupted: hasGivenUp = true
        case .linkClosed: linkIsClosed = true
        case .primaryDied: isPrimaryGone = true
        case .probeFinished(let probe):
            isProbing = false
            if probe == .refused, linkIsClosed { isPrimaryGone = true }
        case .fenced(let succeeded):
            isFencing = false
            if succeeded { isPrimaryGone = true }
        case .tick: break
        case .byeReceived: hasSaidGoodbye = true
        }
    }

    private func isSilent(_ now: UInt64) -> Bool {
        guard let failureTimeout = settings.failureTimeout else { return false }
        return now >= heardAt + failureTimeout
    }

    private mutating func rule(brokenBy action: MirrorAction, _ wasFencing: Bool, _ now: UInt64) -> String? {
        if hasEnded { return "something was done after the end" }
        switch action {
        case .probe:
            if isProbing || !settings.canProbe || !linkIsClosed { return "probed for nothing" }
            isProbing = true
        case .fence:
            if isFencing || settings.fence == .none || !isSilent(now) { return "fenced for nothing" }
            if committed == 0 { return "fenced with nothing to go on with" }
            isFencing = true
        case .hold: break
        case .takeOver(let epoch):
            hasEnded = true
            if epoch == 0 || epoch != committed { return "took over without that epoch" }
            if hasSaidGoodbye { return "took over after a goodbye" }
            if hasGivenUp && !wasFencing { return "took over after standing down" }
            let isSilentUnfenced = settings.fence == .none && isSilent(now)
            if !isPrimaryGone && !isSilentUnfenced { return "took over from a primary that may live" }
        case .standDown:
            hasEnded = true
            if isFencing { return "stood down while it was fencing" }
            let hasNothing = committed == 0 && (isPrimaryGone || linkIsClosed)
            if !hasGivenUp && !hasNothing { return "stood down for nothing" }
        case .finish:
            hasEnded = true
            if !hasSaidGoodbye { return "finished without a goodbye" }
        }
        return nil
    }

    /// What should have been done, and what should not be allowed.
    private func omission(_ event: MirrorEvent) -> String? {
        if (hasEnded || hasGivenUp) && decision.mayAcknowledge { return "may acknowledge after its end" }
        if hasEnded || event == .linkEstablished { return nil }
        if hasSaidGoodbye { return "not finished" }
        if isPrimaryGone { return "not gone on though the primary is gone" }
        if hasGivenUp && !isFencing { return "not stood down" }
        return nil
    }
}
