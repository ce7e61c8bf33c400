import CGuestEntry
import Epochs
import Glibc
import GuestKernel
import GuestMemory
import Replication
import Synchronization
import Transport

/// What a mirror is while it waits: its connections, its decision, and the order that ends the wait.
///
/// Lock order: the session's own lock before `state` (the decision).
final class MirrorRole: Sendable {
    struct State {
        var decision: MirrorDecision?
        var session: MirrorSession?
        var machine: SharedWithPrimary?
        var order = Order.wait
        /// A signal that told this mirror to end.
        var signal: Int32?

        /// Whether there is a primary whose silence or death the decision will notice.
        var isEstablished: Bool { decision.map { $0.state != .joining } ?? false }
    }

    /// What the main thread is to do.
    enum Order: Equatable {
        case wait
        case takeOver
        /// The guest has ended on the primary.
        case finish
        /// This mirror is of no more use.
        case standDown(String)
        case interrupted(Int32)
    }

    /// What there is besides sockets where both sides are on one machine.
    struct SharedWithPrimary {
        var page: LifePage?
        var primary: ProcessHandle?
    }

    let request: MirrorRequest
    let start: StartState
    /// Used by the link's thread, and, once that session is over, by the one that takes over.
    nonisolated(unsafe) let memory: MirrorMemory
    let identity: MachineIdentity
    let listener: LinkListener
    let state = Mutex(State())
    private let orderWord = Atomic<UInt32>(0)
    /// Connections that have not said yet who they are.
    let greetingCount = Atomic<Int>(0)

    init(_ request: MirrorRequest, _ start: StartState) throws(SupervisorError) {
        self.request = request
        self.start = start
        // What the primary hands over comes on top of what the guest will have.
        GuestKernel.raiseHostDescriptorLimit()
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
        state.withLock { state in follow(event, &state) }
    }

    /// An epoch is here: acknowledged in the same step in which it counts, so that a takeover knows of every epoch
    /// whose output may go out.
    func acknowledge(_ epoch: UInt64, on socket: LinkSocket, closing: () -> Void) throws {
        try state.withLock { state in
            if state.decision == nil { return }
            follow(.epochCommitted(epoch), &state)
            guard let decision = state.decision, decision.mayAcknowledge else {
                throw TransportError("this mirror has no role any more")
            }
            closing()
            // It counts from here on. Where the link has broken meanwhile, who reads it finds out.
            try? socket.send(Frame(kind: .ack, epoch: epoch))
        }
    }

    private func follow(_ event: MirrorEvent, _ state: inout State) {
        let actions = state.decision?.handle(event, now: BootClock.nanoseconds()) ?? []
        for action in actions { act(on: action, &state) }
    }

    private func act(on action: MirrorAction, _ state: inout State) {
        switch action {
        case .probe:
            guard let session = state.session else { return }
            let isStarted = HostThreads.startOrSay("probe", request.messages) { [self] in
                decide(.probeFinished(PeerProbe(probing: session.hello.probeEndpoint)))
            }
            if !isStarted { follow(.probeFinished(.unreachable), &state) }
        case .fence:
            let isStarted = HostThreads.startOrSay("fence", request.messages) { [self] in decide(.fenced(fence())) }
            if !isStarted { follow(.fenced(false), &state) }
        case .hold(let reason):
            request.messages.say(.warning, "not taking over: \(reason)")
        case .takeOver:
            // On one machine the shared page has the last word about who goes on.
            if let page = state.machine?.page, !page.claim(for: .mirror) {
                order(.standDown("the primary goes on without this mirror"), &state)
            } else {
                order(.takeOver, &state)
            }
        case .standDown(let reason):
            order(state.signal.map(Order.interrupted) ?? .standDown(reason), &state)
        case .finish:
            order(.finish, &state)
        }
    }

    private func fence() -> Bool {
        let (session, machine) = state.withLock { ($0.session, $0.machine) }
        if let primary = machine?.primary {
            do {
                try primary.kill()
                return try primary.waitUntilGone(timeoutNanoseconds: 2_000_000_000)
            } catch {
                return false
            }
        }
        guard let command = request.peers.fenceCommand, let session else { return false }
        return FenceCommand.run(command, peer: session.hello.probeEndpoint, request.messages)
    }

    /// A part of `run` that was never connected to is of no use to anybody once `run` is gone.
    func endWithParent() {
        let parent = getppid()
        while state.withLock({ !$0.isEstablished && $0.order == .wait }) {
            HostThreads.sleep(50_000_000)
            guard getppid() != parent else { continue }
            state.withLock { state in
                if !state.isEstablished { order(.standDown("who started it is gone"), &state) }
            }
        }
    }

    /// Somebody wants this mirror to end. It does, unless it is taking over already.
    func interrupt(by signal: Int32) {
        state.withLock { state in
            state.signal = signal
            if state.decision == nil { order(.interrupted(signal), &state) }
        }
        decide(.interrupted)
    }

    // MARK: - The main thread's side

    func order(_ order: Order, _ state: inout State) {
        guard state.order == .wait else { return }
        state.order = order
        orderWord.store(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(orderWord)
    }

    /// Sleeps until the decision wants something of the main thread.
    func waitForOrder() -> Order {
        while orderWord.load(ordering: .sequentiallyConsistent) == 0 { HostFutex.wait(orderWord, while: 0) }
        return state.withLock { $0.order }
    }
}
