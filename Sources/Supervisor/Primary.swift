import CGuestEntry
import Epochs
import Glibc
import GuestKernel
import GuestMemory
import Replication
import Synchronization
import Transport

/// The role of a `run` that has a mirror: epochs go out, acks come in, and output is released by what the decision
/// says.
///
/// Lock order: `state` before the output gate's own locks. What a decision asks for is done under `state`, so that two
/// decisions are never acted upon in the wrong order; none of it sleeps.
final class Primary: ReplicationRole {
    struct State {
        var decision: PrimaryDecision
        var hasBeenProtected = false
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

    let connection: PrimaryConnection
    let request: ReplicationRequest
    let messages: MessageLog
    let output: OutputGate
    let kernel: GuestKernel
    let checkpointer: Checkpointer
    let statistics = ReplicationStatistics()
    let state: Mutex<State>
    /// `Outcome`, for those who sleep until it changes.
    let outcomeWord = Atomic<UInt32>(Outcome.protected.rawValue)
    /// 1 once the checkpointer has ended: the final epoch is cut by who waited for the guest's end.
    let checkpointerEnded = Atomic<UInt32>(0)
    /// Why the mirror is to give up its role, until it has been told. It has the last epoch as a whole, and takes over
    /// from that where this process ends before it was told.
    private let dismissal = Mutex<String?>(nil)
    let onSuperseded: @Sendable () -> Void

    var peer: String? { connection.peer }
    var stateName: String { "\(outcome)" }
    var outcome: Outcome { Outcome(rawValue: outcomeWord.load(ordering: .sequentiallyConsistent)) ?? .superseded }

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
        checkpointer = try Checkpointer(kernel, output, connection, request, statistics)
        // By a command only where the mirror has one, too: else it may have taken over before it was fenced.
        let hasCommands = request.peers.fenceCommand != nil && connection.welcome.fences
        let fence: FenceMeans = connection.isLocal ? .kill : hasCommands ? .command : .none
        state = Mutex(
            State(
                decision: PrimaryDecision(
                    failureTimeoutNanoseconds: connection.failureTimeoutNanoseconds, fence: fence,
                    canProbe: connection.probeMirror() == .alive)))
    }

    // MARK: - Threads

    /// Starts to replicate. The guest may be running already.
    func start() throws(SupervisorError) {
        startMemoryKeeper()
        decide(.linkEstablished)
        try HostThreads.start("heartbeats") { [self] in sendHeartbeats() }
        try HostThreads.start("replies") { [self] in receiveReplies() }
        try HostThreads.start("acks") { [self] in receiveAcks() }
        try HostThreads.start("send") { [self] in sendEpochs() }
        try HostThreads.start("epochs") { [self] in cutEpochs() }
        if let page = connection.local?.page {
            try HostThreads.start("mirror-life") { [self] in
                page.waitForDeath(of: .mirror)
                decide(.mirrorDied(hadTakenOver: page.hasMirrorTakenOver))
            }
        }
    }

    /// Where there can be none, a killed primary's peers hear of it later.
    ///
    /// The guest stands still: what it closed meanwhile would stay open in the keeper's copy of the descriptors, until
    /// that has closed them, and the other end of a pipe not hear of it.
    private func startMemoryKeeper() {
        kernel.gate.stop(kernel)
        memory_keeper_start(kernel.memory.trackerDescriptor)
        kernel.gate.resume()
    }

    private func cutEpochs() {
        do {
            try checkpointer.run { [self] in
                outcome == .protected && !kernel.hasEnded
            } mayBecomeWhole: { [self] in
                decide(.firstEpochSent)
                return outcome == .protected
            }
        } catch {
            stopCutting(over: error)
        }
        checkpointerEnded.store(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(checkpointerEnded)
    }

    /// No epoch can be cut any more.
    func stopCutting(over error: any Error) {
        checkpointer.close()
        if error is UnknownChange {
            dismissal.withLock { $0 = LinkWords.of(error) }
        } else {
            lose(over: error)
        }
    }

    private func sendEpochs() {
        do {
            try checkpointer.sendEpochs()
        } catch {
            checkpointer.close()
            lose(over: error)
        }
    }

    private func receiveAcks() {
        do {
            while let received = try connection.reader.receive() {
                switch received.header.kind {
                case .ack: decide(.ack(epoch: received.header.epoch))
                case .epochRefusal: decide(.epochRefused(received.text))
                default: throw TransportError("the mirror sent a frame that makes no sense here")
                }
            }
        } catch {
            say(linkError: error)
        }
        loseLink()
    }

    /// One connection is of no use without the other: what is left of the link counts as silence, to both sides. A
    /// mirror that gives up says so on either, so that the other is read for a moment longer.
    private func loseLink() {
        decide(.linkClosed)
        HostThreads.sleep(Primary.lastWordsPatienceNanoseconds)
        connection.close()
    }

    /// No epoch can be cut or sent any more. Where the fault is this side's, the mirror, which hears nothing more from
    /// here, goes on from the last epoch: that is better than a guest whose output is held for ever.
    func lose(over error: any Error) {
        let isOfLink = error is TransportError
        if outcome == .protected {
            let what = isOfLink ? "the link to the mirror" : "no epoch can be cut"
            messages.say(.warning, "\(what): \(LinkWords.of(error))")
        }
        loseLink()
    }

    private static let lastWordsPatienceNanoseconds: UInt64 = 20_000_000

    /// Only while somebody waits for the mirror: what a connection says when it ends is no news otherwise.
    private func say(linkError error: any Error) {
        if outcome == .protected { messages.say(.warning, "the link to the mirror: \(LinkWords.of(error))") }
    }

    // MARK: - Signs of life

    /// Sends heartbeats and lets the decision see that time passes. A mirror that does not read does not hold this up
    /// for long: what a socket holds lasts for hours of heartbeats.
    private func sendHeartbeats() {
        let step = FailureTimeout.stepNanoseconds(connection.failureTimeoutNanoseconds)
        var sequence: UInt64 = 0
        var isOpen = true
        while outcome == .protected || outcome == .unprotected {
            sequence += 1
            if isOpen {
                decide(.heartbeatSent(sequence: sequence, at: BootClock.nanoseconds()))
                do {
                    try connection.heartbeats.send(Heartbeat(sequence: sequence, released: output.takeReleased()).frame)
                    if let reason = dismissal.withLock({ $0.take() }) {
                        try connection.heartbeats.send(Frame(.dismissal, saying: reason))
                    }
                } catch {
                    isOpen = false
                }
            }
            HostThreads.sleep(step)
            decide(.tick)
        }
    }

    private func receiveReplies() {
        let reader = FrameReader(connection.heartbeats)
        while let received = try? reader.receive() {
            if received.header.kind == .epochRefusal {
                decide(.epochRefused(received.text))
                continue
            }
            guard received.header.kind == .heartbeatReply, let reply = try? HeartbeatReply(payload: received.payload)
            else { break }
            decide(reply.hasTakenOver ? .mirrorTookOver : .heartbeatAnswered(sequence: reply.sequence))
        }
        loseLink()
    }
}
