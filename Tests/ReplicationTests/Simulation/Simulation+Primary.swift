import Replication

extension Simulation {
    func decide(primary event: PrimaryEvent) {
        let actions = primary.handle(event, now: processes[0].time(at: clock.now))
        for action in actions { check(action) }
        perform(actions, on: .primary) { self.perform($0) }
    }

    /// What a process was about to do when it froze, it does when it is thawed.
    func perform<Action>(_ actions: [Action], on side: Side, _ body: @escaping (Action) -> Void) {
        if actions.isEmpty { return }
        if freezesBeforeActing > 0 {
            freeze(side, freezesBeforeActing)
            freezesBeforeActing = 0
        }
        for action in actions { deliver(side, .actions) { body(action) } }
    }

    /// What must hold when it is decided: no process can promise more about a moment later.
    private func check(_ action: PrimaryAction) {
        switch action {
        case .release where mirror.decision.hasTakenOver: fail("\(action) by a primary that was superseded")
        case .goUnprotected where mirrorGoesOn && plan.silencePolicy == .hold:
            fail("\(action) beside a mirror that took over")
        default: break
        }
    }

    /// It has gone on, or is about to: one that ends between deciding and doing has shown nothing to anybody.
    private var mirrorGoesOn: Bool {
        takenOverEpoch != nil || (mirror.decision.hasTakenOver && processes[1].life == .runs)
    }

    private func perform(_ action: PrimaryAction) {
        switch action {
        case .release(let epoch):
            if let takenOverEpoch, epoch > takenOverEpoch { fail("released epoch \(epoch), not part of the mirror's") }
            released = epoch
            releasedAt = clock.now
        case .probe: probe(from: .primary)
        case .fenceMirror: fence(from: .primary)
        case .goUnprotected, .hold, .endSuperseded: break
        case .finish:
            send(from: .primary, .link) { self.decide(mirror: .byeReceived) }
            // It waits for the mirror to close, and not for ever.
            after(milliseconds(100..<200)) { self.end(.primary) }
        }
    }

    // MARK: - The guest, and the heartbeat

    func cutEpoch() {
        if primary.decision.state != .protected || guestHasEnded { return }
        epoch += 1
        let cut = epoch
        if cut == 1 { decide(primary: .firstEpochSent) }
        if primary.decision.state != .protected { return }
        send(from: .primary, .link) { self.receive(epoch: cut) }
    }

    func endGuest() {
        if primary.decision.state != .protected { return }
        cutEpoch()
        guestHasEnded = true
        decide(primary: .guestEnded(finalEpoch: epoch))
    }

    func sendHeartbeat() {
        heartbeat += 1
        let sequence = heartbeat
        decide(primary: .heartbeatSent(sequence: sequence, at: processes[0].time(at: clock.now)))
        if dice.oneIn(30) { return }
        send(from: .primary, .heartbeats) { self.answer(heartbeat: sequence) }
    }

    // MARK: - Probes and fences, of both sides

    func probe(from side: Side) {
        let target = side.other
        let patience = 50 * millisecond
        guard plan.canProbe, isHeard(side) else { return report(.unreachable, to: side, after: patience) }
        after(milliseconds(0..<2)) { [self] in
            switch processes[target.rawValue].life {
            case .poweredOff: return report(.unreachable, to: side, after: patience)
            case .ended where isHeard(target): return report(.refused, to: side, after: milliseconds(0..<2))
            case .runs where isHeard(target) && processes[target.rawValue].runs(at: clock.now):
                let hasTakenOver = target == .mirror && mirror.decision.hasTakenOver
                return report(hasTakenOver ? .tookOver : .alive, to: side, after: milliseconds(0..<2))
            case .ended, .runs: return report(.unreachable, to: side, after: patience)
            }
        }
    }

    private func report(_ result: PeerProbe, to side: Side, after delay: UInt64) {
        after(delay) { [self] in
            deliver(side, .local) { [self] in
                if side == .primary {
                    decide(primary: .probeFinished(result))
                } else {
                    decide(mirror: .probeFinished(result))
                }
            }
        }
    }

    /// A command reaches its target by another way than the network, or fails.
    func fence(from side: Side) {
        let succeeds = !dice.oneIn(6)
        after(plan.fence == .kill ? 0 : milliseconds(5..<100)) { [self] in
            // The command goes on if its process is frozen, and mostly if it has ended.
            if processes[side.rawValue].life != .runs && dice.oneIn(2) { return }
            if succeeds { end(side.other) }
            after(milliseconds(0..<2)) { [self] in
                deliver(side, .local) { [self] in
                    if side == .primary {
                        decide(primary: .fenced(succeeds))
                    } else {
                        decide(mirror: .fenced(succeeds))
                    }
                }
            }
        }
    }
}
