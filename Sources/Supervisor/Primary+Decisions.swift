import Glibc
import GuestKernel
import GuestMemory
import Replication
import Transport

extension Primary {
    /// Hands an event to the decision and does what it says.
    func decide(_ event: PrimaryEvent) {
        state.withLock { state in
            for action in state.decision.handle(event, now: BootClock.nanoseconds()) { act(on: action, &state) }
        }
    }

    private func act(on action: PrimaryAction, _ state: inout State) {
        switch action {
        case .release(let epoch):
            state.committedEpoch = max(state.committedEpoch, epoch)
            if !state.hasBeenProtected {
                state.hasBeenProtected = true
                messages.say(.info, "protected by \(connection.peer)")
            }
            output.commit(epoch: epoch)
        case .probe:
            probe()
        case .fenceMirror:
            fence()
        case .hold(let reason):
            messages.say(.warning, "holding output: \(reason)")
        case .goUnprotected(let reason):
            messages.say(.warning, "going on unprotected: \(reason)")
            statistics.state.withLock { $0.unprotectedReason = reason }
            output.releaseEverything()
            settle(.unprotected)
            connection.close()
        case .endSuperseded:
            output.seal()
            settle(.superseded)
            onSuperseded()
        case .finish:
            settle(.finished)
        }
    }

    private func settle(_ outcome: Outcome) {
        outcomeWord.store(outcome.rawValue, ordering: .sequentiallyConsistent)
        HostFutex.wake(outcomeWord)
        kernel.gate.demand.raise()
    }

    /// Tries the mirror's probe port, on a thread of its own: it may take until a timeout.
    private func probe() {
        HostThreads.startOrSay("probe", messages) { [self] in
            decide(.probeFinished(connection.probeMirror()))
        }
    }

    private func fence() {
        HostThreads.startOrSay("fence", messages) { [self] in
            decide(.fenced(connection.fence(request.peers.fenceCommand, messages)))
        }
    }

    // MARK: - The guest's end

    /// Makes sure that all that the guest did before it ended is with the mirror, and is out. Returns when this process
    /// may end as the guest did.
    func finish(_ end: GuestEnd) {
        decide(.guestEnded)
        kernel.gate.demand.raise()
        while checkpointerEnded.load(ordering: .sequentiallyConsistent) == 0 {
            HostFutex.wait(checkpointerEnded, while: 0)
        }
        if outcome == .protected {
            do {
                try checkpointer.cutFinal(end)
            } catch {
                decide(.linkClosed)
            }
        }
        while outcome == .protected { HostFutex.wait(outcomeWord, while: Outcome.protected.rawValue) }
        output.drain()
        if outcome == .finished { connection.sayGoodbye() }
    }
}
