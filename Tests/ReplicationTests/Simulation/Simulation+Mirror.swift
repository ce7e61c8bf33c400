import Replication

extension Simulation {
    func decide(mirror event: MirrorEvent) {
        let actions = mirror.handle(event, now: processes[1].time(at: clock.now))
        for case .takeOver(let epoch) in actions { checkTakeover(at: epoch) }
        perform(actions, on: .mirror) { self.perform($0) }
    }

    private func checkTakeover(at epoch: UInt64) {
        if released > epoch { fail("took over at epoch \(epoch), but \(released) was released") }
        if primary.isUnprotected && plan.silencePolicy == .hold { fail("took over from a primary that went on") }
    }

    private func perform(_ action: MirrorAction) {
        switch action {
        case .probe: probe(from: .mirror)
        case .fence: fence(from: .mirror)
        case .hold: break
        case .takeOver(let epoch):
            if released > epoch { fail("emits from epoch \(epoch), but \(released) was released") }
            takenOverEpoch = epoch
        case .standDown(let reason):
            send(from: .mirror, .link) { self.decide(primary: .epochRefused(reason)) }
            after(milliseconds(1..<5)) { self.end(.mirror) }
        case .finish: after(milliseconds(0..<5)) { self.end(.mirror) }
        }
    }

    func receive(epoch: UInt64) {
        guard mirror.decision.mayAcknowledge else { return }
        if epoch == refusedEpoch { return decide(mirror: .epochRefusedByUs("no memory")) }
        decide(mirror: .epochCommitted(epoch))
        send(from: .mirror, .link) { self.decide(primary: .ack(epoch: epoch)) }
    }

    func answer(heartbeat sequence: UInt64) {
        decide(mirror: .heartbeatReceived)
        let hasTakenOver = mirror.decision.hasTakenOver
        send(from: .mirror, .heartbeats) {
            self.decide(primary: hasTakenOver ? .mirrorTookOver : .heartbeatAnswered(sequence: sequence))
        }
    }

    // MARK: - The end of a run

    private var primaryRuns: Bool { processes[0].runs(at: clock.now) && primary.decision.state != .superseded }

    /// A mirror that took over while its primary could not be stopped. That one may run, and must be silent.
    var hasOldPrimary: Bool { takenOverEpoch != nil && processes[0].life == .runs }

    /// The guest goes on somewhere, or has ended.
    var guestIsServed: Bool {
        if primary.decision.state == .finished || mirror.decision.state == .finished { return true }
        if processes[1].life == .runs && takenOverEpoch != nil { return true }
        if !primaryRuns { return false }
        return primary.isUnprotected || clock.now < releasedAt + 300 * millisecond
    }

    /// What must be so once all faults are long over.
    func violationAtEnd() -> String? {
        if faultCount == 0, freezesBeforeActing == 0, takenOverEpoch == nil, !guestIsServed {
            return "output stopped though nothing failed"
        }
        if guestHasEnded, faultCount == 0, takenOverEpoch == nil, released != epoch {
            return "the guest ended, but not all of its output is out"
        }
        guard plan.isSameMachine, plan.fence == .kill, plan.failureTimeout != nil else { return nil }
        // Here a fence decides every silence: whoever is left serves the guest.
        let mirrorCouldGoOn =
            processes[1].runs(at: clock.now) && mirror.decision.state != .stoodDown && mirror.committed > 0
        if !guestIsServed && (primaryRuns || mirrorCouldGoOn) {
            return "nobody serves the guest: primary \(primary.decision.state), mirror \(mirror.decision.state)"
        }
        return nil
    }
}
