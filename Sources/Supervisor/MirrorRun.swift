import CGuestEntry
import Epochs
import Glibc
import GuestKernel
import GuestMemory
import Replication
import Synchronization
import Transport

/// The role of `understudy mirror`: waits for a primary, keeps its guest's last whole epoch, and goes on with the guest
/// when the primary falls.
///
/// Lock order: `state` (the decision) before the session's own lock.
final class MirrorRole: Sendable {
    struct State {
        var decision: MirrorDecision?
        var session: MirrorSession?
        var order = Order.wait
    }

    /// What the main thread is to do.
    enum Order: Equatable {
        case wait
        case takeOver
        /// The guest has ended on the primary.
        case finish
        /// This mirror is of no more use.
        case standDown(String)
    }

    let request: MirrorRequest
    let start: StartState
    let memory: MirrorMemory
    let identity: MachineIdentity
    let listener: LinkListener
    let state = Mutex(State())
    private let orderWord = Atomic<UInt32>(0)

    init(_ request: MirrorRequest, _ start: StartState) throws(SupervisorError) {
        self.request = request
        self.start = start
        do {
            memory = try MirrorMemory()
        } catch {
            throw StartOver.explain(error.errno)
        }
        do {
            identity = try MachineIdentity.own()
            listener = try LinkListener(on: Endpoint(parsing: request.listen))
        } catch {
            throw SupervisorError(.failed, "--listen \(request.listen): \(error.message)")
        }
    }

    // MARK: - Decisions

    func decide(_ event: MirrorEvent) {
        state.withLock { state in
            guard var decision = state.decision else { return }
            let actions = decision.handle(event, now: BootClock.nanoseconds())
            state.decision = decision
            for action in actions { act(on: action, &state) }
        }
    }

    private func act(on action: MirrorAction, _ state: inout State) {
        guard let session = state.session else { return }
        switch action {
        case .probe:
            HostThreads.startOrSay("probe", request.messages) { [self] in
                decide(.probeFinished(ProbeClient.probe(session.hello.probeEndpoint)))
            }
        case .fence:
            HostThreads.startOrSay("fence", request.messages) { [self] in
                decide(.fenced(session.fence(request.peers.fenceCommand, request.messages)))
            }
        case .takeOver:
            order(.takeOver, &state)
        case .standDown(let reason):
            order(.standDown(reason), &state)
        case .finish:
            order(.finish, &state)
        }
    }

    private func order(_ order: Order, _ state: inout State) {
        guard state.order == .wait else { return }
        state.order = order
        orderWord.store(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(orderWord)
    }

    /// Sleeps until the decision wants something of the main thread.
    func waitForOrder() -> Order {
        while true {
            let order = state.withLock { $0.order }
            if order != .wait { return order }
            HostFutex.wait(orderWord, while: 0)
        }
    }
}
