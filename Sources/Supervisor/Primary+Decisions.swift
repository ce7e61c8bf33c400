import Epochs
import Glibc
import GuestKernel
import GuestMemory
import Replication
import Transport

extension Primary {
    /// Hands an event to the decision and does what it says.
    func decide(_ event: PrimaryEvent) {
        if case .ack(let epoch) = event {
            let now = kernel.clock.monotonicNanoseconds()
            statistics.state.withLock { $0.noteCommitted(upTo: epoch, at: now) }
        }
        state.withLock { state in follow(event, &state) }
    }

    private func follow(_ event: PrimaryEvent, _ state: inout State) {
        for action in state.decision.handle(event, now: BootClock.nanoseconds()) { act(on: action, &state) }
    }

    private func act(on action: PrimaryAction, _ state: inout State) {
        switch action {
        case .release(let epoch):
            if !state.hasBeenProtected {
                state.hasBeenProtected = true
                messages.say(.info, "protected by \(connection.peer)")
                request.testFault?.arm()
            }
            request.testFault?.pass(.committed)
            request.testFault?.noteCommitted(upTo: epoch)
            output.commit(epoch: epoch)
            checkpointer.noteCommitted(upTo: epoch)
            connection.local?.page.noteReleased(epoch: epoch)
        case .probe:
            let isStarted = HostThreads.startOrSay("probe", messages) { [self] in
                decide(.probeFinished(connection.probeMirror()))
            }
            if !isStarted { follow(.probeFinished(.unreachable), &state) }
        case .fenceMirror:
            let isStarted = HostThreads.startOrSay("fence", messages) { [self] in decide(.fenced(fence())) }
            if !isStarted { follow(.fenced(false), &state) }
        case .hold(let reason):
            messages.say(.warning, "holding output: \(reason)")
        case .goUnprotected(let reason):
            goUnprotected(reason)
        case .endSuperseded:
            supersede()
        case .finish:
            settle(.finished)
        }
    }

    private func goUnprotected(_ reason: String) {
        // On one machine the shared page has the last word about who goes on.
        if let page = connection.local?.page, !page.claim(for: .primary) {
            supersede()
            return
        }
        messages.say(.warning, "going on unprotected: \(reason)")
        statistics.state.withLock { $0.unprotectedReason = reason }
        request.testFault?.giveUp()
        kernel.volumes?.stop()
        output.releaseEverything()
        settle(.unprotected)
        connection.close()
    }

    private func supersede() {
        output.seal()
        settle(.superseded)
        onSuperseded()
    }

    private func settle(_ outcome: Outcome) {
        outcomeWord.store(outcome.rawValue, ordering: .sequentiallyConsistent)
        HostFutex.wake(outcomeWord)
        checkpointer.close()
    }

    private func fence() -> Bool {
        if connection.isLocal { return connection.fenceMirror() }
        guard let command = request.peers.fenceCommand else { return false }
        return FenceCommand.run(command, peer: connection.peer, messages)
    }

    // MARK: - The guest's end

    /// Makes sure that all that the guest did before it ended is with the mirror, and is out. Returns when this process
    /// may end as the guest did.
    func finish(_ end: GuestEnd) {
        kernel.gate.demand.raise()
        while checkpointerEnded.load(ordering: .sequentiallyConsistent) == 0 {
            HostFutex.wait(checkpointerEnded, while: 0)
        }
        if outcome == .protected {
            do {
                try checkpointer.cutFinal(end) { final in decide(.guestEnded(finalEpoch: final)) }
            } catch {
                stopCutting(over: error)
            }
        }
        while outcome == .protected { HostFutex.wait(outcomeWord, while: Outcome.protected.rawValue) }
        if outcome == .superseded { return }
        output.drainAtEnd()
        if outcome == .finished { connection.sayGoodbye() }
    }
}
