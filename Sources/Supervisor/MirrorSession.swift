import Epochs
import Glibc
import GuestKernel
import GuestMemory
import RecordCoding
import Replication
import Synchronization
import Transport

/// One primary's link to this mirror: epochs come in, are checked, acknowledged and applied.
final class MirrorSession: Sendable {
    struct State {
        var guest = CommittedGuest()
        /// Set by the takeover: no epoch is acknowledged or applied from then on.
        var isOver = false
        /// Descriptors that the primary has handed over, by the identity of their description.
        var handed: [UInt64: Int32] = [:]
    }

    let hello: Hello
    let welcome: Welcome
    let isLocal: Bool
    private let socket: LinkSocket
    private let memory: MirrorMemory
    private let state = Mutex(State())
    private let decide: @Sendable (MirrorEvent) -> Void

    /// A refusal's words, for the primary.
    struct Refusal: Error {
        let text: String
    }

    init(
        _ hello: Hello, _ welcome: Welcome, isLocal: Bool, _ socket: LinkSocket, _ memory: MirrorMemory,
        decide: @escaping @Sendable (MirrorEvent) -> Void
    ) {
        self.hello = hello
        self.welcome = welcome
        self.isLocal = isLocal
        self.socket = socket
        self.memory = memory
        self.decide = decide
    }

    // MARK: - The link

    /// Reads epochs until the link ends, one way or another.
    func run(_ reader: FrameReader) {
        do {
            let pages = try PageStaging()
            var decoder = EpochDecoder()
            while try receiveEpoch(reader, &decoder, pages) {}
        } catch let refusal as Refusal {
            refuse(refusal.text)
            return
        } catch {
            // A damaged or cut link: the last whole epoch is what there is.
        }
        socket.shutdown()
        decide(.linkClosed)
    }

    /// One epoch. False when the primary has said goodbye.
    private func receiveEpoch(_ reader: FrameReader, _ decoder: inout EpochDecoder, _ pages: PageStaging) throws -> Bool {
        let isFirst = state.withLock { $0.guest.epoch == 0 }
        var stage = MirrorStage(memory, pages, isFirst: isFirst)
        while let frame = try reader.receive() {
            if frame.header.kind == .guestEnded {
                decide(.byeReceived)
                return false
            }
            var end: EpochEnd?
            try refusing { try decoder.consume(frame.header, frame.payload) { item in
                switch item {
                case .page(let number, let content): try stage.add(page: number, content)
                case .discards(let discards): stage.add(Discards(fromTheLink: discards))
                case .layout(let bytes): try stage.add(layout: bytes)
                case .records(let delta): stage.add(delta)
                case .output(let bytes): stage.add(output: bytes)
                case .released(let bytes): stage.add(released: bytes)
                case .complete(let complete): end = complete
                }
            } }
            if let end {
                try commit(stage, end)
                return true
            }
        }
        throw TransportError("the primary closed the link")
    }

    private func commit(_ stage: MirrorStage, _ end: EpochEnd) throws {
        let current = state.withLock { $0.guest }
        let next: CommittedGuest
        do {
            next = try stage.check(current, end)
        } catch {
            throw Refusal(text: "epoch \(end.number) cannot be held: \(Self.words(for: error))")
        }
        try state.withLock { state in
            if state.isOver { throw TransportError("this mirror has taken over") }
            // Before it is applied, which cannot fail any more: that much sooner is the output released.
            try acknowledge(end.number)
            stage.apply()
            for key in state.guest.records.objects(missingIn: next.records) {
                if let descriptor = state.handed.removeValue(forKey: key) { close(descriptor) }
            }
            state.guest = next
        }
        decide(current.epoch == 0 ? .firstEpochCommitted : .epochCommitted(end.number))
        if end.guestEnd != nil { decide(.guestEnded) }
    }

    private func acknowledge(_ epoch: UInt64) throws(TransportError) {
        try socket.send(Frame(kind: .ack, epoch: epoch))
    }

    /// The primary goes on without us, and says so; this mirror's guest is of no use any more.
    private func refuse(_ text: String) {
        try? socket.send(Frame(kind: .epochRefusal, epoch: 0, payload: Array(text.utf8)))
        decide(.epochRefusedByUs(text))
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case let error as TransportError: return error.message
        case let error as MirrorMemoryError: return error.message
        case let error as RestoreError: return error.message
        default: return "\(error)"
        }
    }

    // MARK: - Handed descriptors

    /// Takes what the primary hands over until it closes the channel.
    func receiveHanded(_ channel: LocalChannel) {
        while let message = try? channel.receive() {
            guard let descriptor = message.descriptors.first else { continue }
            state.withLock { state in
                if let old = state.handed.updateValue(descriptor, forKey: message.number) { close(old) }
            }
        }
    }

    // MARK: - The takeover

    /// Ends the session: what it has by now is what the guest goes on with.
    func endForTakeover() -> (guest: CommittedGuest, handed: [UInt64: Int32]) {
        let result = state.withLock { state in
            state.isOver = true
            return (state.guest, state.handed)
        }
        socket.shutdown()
        return result
    }
}
