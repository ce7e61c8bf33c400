import CGuestEntry
import Epochs
import Glibc
import GuestKernel
import GuestMemory
import Replication
import Synchronization
import Transport

/// The role of a `run` that has a mirror: epochs go out, acks come in, and output is released by what the decision says.
///
/// Lock order: `state` before the output gate's own lock. What a decision asks for is done under `state`, so that two
/// decisions are never acted upon in the wrong order; none of it sleeps.
final class Primary: Sendable {
    private struct State {
        var decision: PrimaryDecision
        var outcome = Outcome.protected
        var committedEpoch: UInt64 = 0
    }

    /// How the guest goes on.
    enum Outcome: UInt32 {
        case protected = 0
        /// The mirror is gone: nothing is held any more.
        case unprotected = 1
        /// The mirror has taken over: nothing is ever released again.
        case superseded = 2
        /// The guest's last epoch is committed.
        case finished = 3
    }

    private let connection: PrimaryConnection
    private let request: ReplicationRequest
    private let messages: MessageLog
    private let output: OutputGate
    private let kernel: GuestKernel
    private let checkpointer: Checkpointer
    let statistics = ReplicationStatistics()
    private let state: Mutex<State>
    /// `Outcome`, for those who sleep until it changes.
    private let outcomeWord = Atomic<UInt32>(Outcome.protected.rawValue)
    /// 1 once the checkpointer has ended: the final epoch is cut by who waited for the guest's end.
    private let checkpointerEnded = Atomic<UInt32>(0)
    private let onSuperseded: @Sendable () -> Void

    init(
        _ connection: PrimaryConnection, _ kernel: GuestKernel, _ output: OutputGate, _ request: ReplicationRequest,
        _ messages: MessageLog, onSuperseded: @escaping @Sendable () -> Void
    ) throws(SupervisorError) {
        self.connection = connection
        self.kernel = kernel
        self.output = output
        self.request = request
        self.messages = messages
        self.onSuperseded = onSuperseded
        checkpointer = try Checkpointer(kernel, output, connection.link, request, statistics)
        state = Mutex(
            State(
                decision: PrimaryDecision(
                    failureTimeoutNanoseconds: connection.failureTimeoutNanoseconds,
                    isSameMachine: connection.isLocal)))
    }

    // MARK: - Threads

    /// Starts to replicate. The guest may be running already.
    func start() throws(SupervisorError) {
        decide(.linkEstablished)
        try HostThreads.start("epochs") { [self] in cutEpochs() }
        try HostThreads.start("acks") { [self] in receiveAcks() }
        try HostThreads.start("heartbeats") { [self] in exchangeHeartbeats() }
        try HostThreads.start("clock") { [self] in tick() }
        if connection.isLocal {
            try HostThreads.start("mirror's life") { [self] in watchMirror() }
        }
    }

    private func cutEpochs() {
        do {
            try checkpointer.run { [self] in outcome == .protected && !kernel.hasEnded }
        } catch {
            decide(.linkClosed)
        }
        checkpointerEnded.store(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(checkpointerEnded)
    }

    private func receiveAcks() {
        let reader = connection.link.reader
        do {
            while let frame = try reader.receive() {
                switch frame.header.kind {
                case .ack: decide(.ack(epoch: frame.header.epoch))
                case .epochRefusal: decide(.epochRefused(String(decoding: frame.payload, as: UTF8.self)))
                default: throw TransportError("the mirror sent a frame that makes no sense here")
                }
            }
        } catch {}
        decide(.linkClosed)
    }

    private func tick() {
        let period = HeartbeatPace.tickNanoseconds(connection.failureTimeoutNanoseconds)
        while outcome == .protected {
            HostThreads.sleep(period)
            decide(.tick)
        }
    }

    private func watchMirror() {
        connection.lifePage?.waitForDeath(of: .mirror)
        decide(.mirrorDied(hadTakenOver: connection.lifePage?.hasMirrorTakenOver ?? false))
    }
}
