import Epochs
import Glibc
import GuestKernel
import GuestMemory
import RecordCoding
import Replication
import Synchronization
import Transport
import VolumeStore

/// One primary's link to this mirror: epochs come in, are checked, acknowledged and applied.
///
/// Lock order: the session's state before the decision's.
final class MirrorSession: Sendable {
    private struct State {
        var guest = CommittedGuest()
        /// Set by the takeover: no epoch is acknowledged or applied from then on.
        var isOver = false
        /// Descriptors that the primary has handed over, by the identity of their description.
        var handed: [UInt64: Int32] = [:]
        var heartbeats: LinkSocket?
        var channel: LocalChannel?
        /// What heartbeats have said while an epoch's files were written.
        var releasedMeanwhile: [[UInt8]] = []
        /// Why this mirror's files are of no epoch.
        var filesFailure: String?
    }

    let hello: Hello
    let welcome: Welcome
    private let socket: LinkSocket
    /// Used by the link's thread alone until the session is over.
    private nonisolated(unsafe) let memory: MirrorMemory
    let volumes: VolumeStore
    /// 1 while an epoch is on its way into files and memory.
    private let isCommitting = Atomic<UInt32>(0)
    private let state = Mutex(State())
    /// 1 once nothing more can be handed over.
    private let handedEnded = Atomic<UInt32>(0)
    /// 1 once the guest goes on here.
    private let guestRuns = Atomic<UInt32>(0)
    /// Reading what is there takes microseconds, on a thread that may have to wait for a processor. On a busy machine
    /// 20 ms were not always enough.
    private static let handedPatienceNanoseconds: UInt64 = 5_000_000_000
    /// Has the epoch decided upon, and acknowledges it unless this mirror may not any more: then it throws. In between
    /// it closes what the guest has closed: nobody may reach a listener here once the primary shows that it is gone.
    typealias Acknowledge = @Sendable (_ epoch: UInt64, LinkSocket, _ closing: () -> Void) throws -> Void
    private let acknowledge: Acknowledge

    init(
        _ hello: Hello, _ welcome: Welcome, _ socket: LinkSocket, _ memory: MirrorMemory, _ volumes: VolumeStore,
        acknowledge: @escaping Acknowledge
    ) {
        self.hello = hello
        self.welcome = welcome
        self.socket = socket
        self.memory = memory
        self.volumes = volumes
        self.acknowledge = acknowledge
    }

    var isLocal: Bool { !welcome.localChannel.isEmpty }

    // MARK: - The link

    /// Why this mirror cannot take an epoch, for the primary.
    private struct Refusal: Error {
        let text: String
    }

    /// How a session's reading ended.
    enum End {
        case goodbye
        case refused(String)
        /// The link closed, or what came over it was damaged: the last whole epoch is what there is.
        case broken(String)
    }

    /// Reads epochs until the link ends, one way or another, and says how.
    ///
    /// The memory for that is given back only after `ended` has returned: for a guest that has written 100 MB of late
    /// it takes more than a millisecond, in which a takeover can change no mapping.
    func run(_ reader: FrameReader, ended: (End) -> Void) {
        do {
            let pages = try PageStaging()
            var decoder = EpochDecoder()
            ended(read(reader, &decoder, pages))
            withExtendedLifetime((pages, decoder)) {}
        } catch {
            ended(.broken(LinkWords.of(error)))
        }
    }

    private func read(_ reader: FrameReader, _ decoder: inout EpochDecoder, _ pages: PageStaging) -> End {
        do {
            while try receiveEpoch(reader, &decoder, pages) {}
            return .goodbye
        } catch let refusal as Refusal {
            return .refused(refusal.text)
        } catch {
            return .broken(LinkWords.of(error))
        }
    }

    /// One epoch. False when the primary has said goodbye.
    private func receiveEpoch(
        _ reader: FrameReader, _ decoder: inout EpochDecoder, _ pages: PageStaging
    ) throws -> Bool {
        var stage = MirrorStage(memory, pages, volumes, isFirst: decoder.lastEpoch == 0)
        while let received = try reader.receive() {
            if received.header.kind == .guestEnded { return false }
            if let end = try add(received.frame, to: &stage, &decoder) {
                try commit(stage, end)
                return true
            }
        }
        throw TransportError("the primary closed the link")
    }

    /// Takes a frame; returns the epoch's end where that is what it was.
    private func add(
        _ frame: UnsafeRawBufferPointer, to stage: inout MirrorStage, _ decoder: inout EpochDecoder
    ) throws -> EpochEnd? {
        var end: EpochEnd?
        do {
            try decoder.consume(frame, base: memory.copyCommitted) { item in
                if case .complete(let complete) = item {
                    end = complete
                } else {
                    do {
                        try stage.add(item)
                    } catch {
                        throw Refusal(text: "an epoch cannot be held: \(LinkWords.of(error))")
                    }
                }
            }
        } catch let error as WireError where error.code == .wrongBase {
            // The link is sound. Taking over with what is here would be no better than what it does not fit.
            throw Refusal(text: "an epoch does not fit what is here: \(error.message)")
        }
        return end
    }

    /// Files first, without the lock: heartbeats are not to wait for a disk. A takeover that is decided meanwhile waits
    /// for the whole epoch, as memory and files have to be of the same one.
    private func commit(_ stage: MirrorStage, _ end: EpochEnd) throws {
        let (next, files) = try beginCommit(stage, end)
        defer {
            isCommitting.store(0, ordering: .sequentiallyConsistent)
            HostFutex.wake(isCommitting)
        }
        do {
            try volumes.apply(files)
            if hello.isDurable, files.asksForDurability { try volumes.synchronise() }
        } catch {
            let text = "epoch \(end.number) cannot be kept: \(LinkWords.of(error))"
            state.withLock { $0.filesFailure = text }
            throw Refusal(text: text)
        }
        try state.withLock { state in try endCommit(stage, next, &state) }
    }

    private func beginCommit(
        _ stage: MirrorStage, _ end: EpochEnd
    ) throws -> (next: CommittedGuest, files: VolumeChanges) {
        try state.withLock { state in
            if state.isOver { throw TransportError("this mirror has taken over") }
            state.releasedMeanwhile = []
            do {
                let checked = try stage.check(state.guest, end)
                isCommitting.store(1, ordering: .sequentiallyConsistent)
                return checked
            } catch {
                throw Refusal(text: "epoch \(end.number) cannot be held: \(LinkWords.of(error))")
            }
        }
    }

    /// One step: a takeover that has begun has the memory for itself, and what heartbeats say is not overwritten.
    private func endCommit(_ stage: MirrorStage, _ next: CommittedGuest, _ state: inout State) throws {
        var next = next
        for bytes in state.releasedMeanwhile { try next.output.markReleased(bytes) }
        // Before memory is changed, which cannot fail any more: that much sooner is the output released. Where a
        // takeover was decided while files were written there is no ack, and the guest goes on from this epoch all the
        // same: its output was released by nobody, and is in the ledger.
        let acknowledged = Result {
            try acknowledge(next.epoch, socket) { MirrorSession.closeHanded(stage.closedObjects, &state) }
        }
        MirrorSession.closeHanded(stage.closedObjects, &state)
        stage.apply()
        state.guest = next
        try acknowledged.get()
    }

    private static func closeHanded(_ identities: [UInt64], _ state: inout State) {
        for identity in identities {
            if let descriptor = state.handed.removeValue(forKey: identity) { Glibc.close(descriptor) }
        }
    }

    // MARK: - What a machine shares

    /// Takes what the primary hands over until it closes the channel.
    func receiveHanded(_ channel: LocalChannel) {
        state.withLock { $0.channel = channel }
        defer {
            // Whether the primary ended it or this side could not take one: nothing more is to be sent into it.
            channel.shutdown()
            handedEnded.store(1, ordering: .sequentiallyConsistent)
            HostFutex.wake(handedEnded)
        }
        while let message = try? channel.receive() {
            guard message.kind == SharedKind.descriptor, let descriptor = message.descriptors.first else {
                for descriptor in message.descriptors { Glibc.close(descriptor) }
                continue
            }
            state.withLock { state in
                if let old = state.handed.updateValue(descriptor, forKey: message.number) { Glibc.close(old) }
            }
        }
    }

    /// What heartbeats say about released output.
    func noteReleased(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            try state.guest.output.markReleased(bytes)
            if isCommitting.load(ordering: .sequentiallyConsistent) == 1 { state.releasedMeanwhile.append(bytes) }
        }
    }

    /// This mirror gives up its role: the primary is to go on without it.
    /// It is told on either connection: one may have broken.
    func giveUp(_ reason: String) {
        let refusal = Frame(.epochRefusal, saying: reason)
        try? state.withLock({ $0.heartbeats })?.send(refusal)
        try? socket.send(refusal)
        // This process is about to end. Its connections would be reset by then, as there are epochs on them that
        // nobody reads any more, and the primary would see a mirror that died instead of what it says.
        _ = socket.waitUntilPeerCloses(timeoutNanoseconds: MirrorSession.lastWordsPatienceNanoseconds)
    }

    private static let lastWordsPatienceNanoseconds: UInt64 = 1_000_000_000

    func keep(heartbeats: LinkSocket) {
        state.withLock { $0.heartbeats = heartbeats }
    }

    /// One connection is of no use without the other: what is left of the link counts as silence, to both sides.
    func close() {
        state.withLock({ $0.heartbeats })?.shutdown()
        socket.shutdown()
    }

    // MARK: - The takeover

    /// Sleeps until the guest goes on here.
    func waitUntilGuestRuns() {
        while guestRuns.load(ordering: .sequentiallyConsistent) == 0 { HostFutex.wait(guestRuns, while: 0) }
    }

    func noteGuestRuns() {
        guestRuns.store(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(guestRuns)
    }

    /// Ends the session: what it has by now, the epoch that is being written included, is what the guest goes on with.
    /// Throws where the mirror's files are of no epoch.
    func endForTakeover() throws(SupervisorError) -> (guest: CommittedGuest, handed: [UInt64: Int32]) {
        let channel = state.withLock { state in
            state.isOver = true
            return state.channel
        }
        socket.shutdown()
        while isCommitting.load(ordering: .sequentiallyConsistent) == 1 { HostFutex.wait(isCommitting, while: 1) }
        if let failure = state.withLock({ $0.filesFailure }) { throw SupervisorError(.failed, failure) }
        // What has been handed over and not been taken yet can still be read; then comes the end.
        channel?.shutdown()
        if channel != nil, handedEnded.load(ordering: .sequentiallyConsistent) == 0 {
            HostFutex.wait(handedEnded, while: 0, timeoutNanoseconds: MirrorSession.handedPatienceNanoseconds)
        }
        return state.withLock { ($0.guest, $0.handed) }
    }
}
