import Epochs
import Transport

/// The primary's end of the link while its volumes are brought to the mirror (docs/format.md).
///
/// Whatever the primary is busy with, the mirror hears of it every now and then, and what it says is read in time: so
/// each side may give up on one that is silent, and on one that takes nothing.
final class VolumeLink {
    let socket: LinkSocket
    private let reader: FrameReader
    private let silenceMax: Duration
    private let clock = ContinuousClock()
    private var lastSent: ContinuousClock.Instant
    /// What the mirror has said where it cannot go on.
    private var refusal: TransportError?

    /// A disk that works for so long on one frame has a fault, and so has a link that takes nothing for so long.
    static let patienceNanoseconds: UInt64 = 600_000_000_000
    /// Far below that patience, and next to nothing on the link.
    static let silenceMaxUsual = Duration.seconds(5)

    init(_ socket: LinkSocket, _ reader: FrameReader, silenceMax: Duration) {
        self.socket = socket
        self.reader = reader
        self.silenceMax = silenceMax
        lastSent = clock.now
    }

    // MARK: - Sending

    func send(_ frame: Frame) throws(TransportError) {
        try socket.send(frame)
        lastSent = clock.now
    }

    /// To be called whenever something has been done that takes a moment. It does not wait.
    func keepInTouch() throws(TransportError) {
        guard clock.now - lastSent >= silenceMax else { return }
        // A mirror that has not read for so long does not wait for us.
        if socket.hasRoom { try send(Frame(kind: .volumeChanges)) }
    }

    // MARK: - Receiving

    var hasInput: Bool { reader.hasInput }

    /// A frame of this kind; an error where it is any other.
    func receive(_ kind: FrameKind) throws -> FrameReader.Received {
        guard let received = try reader.receive(timeoutNanoseconds: VolumeLink.patienceNanoseconds) else {
            throw TransportError("the mirror closed the link while the volumes were brought to it")
        }
        if received.header.kind == .refusal { throw note(received) }
        guard received.header.kind == kind else {
            throw TransportError("the mirror sent a frame that makes no sense here")
        }
        return received
    }

    /// Throws where the mirror has refused, or gone, although nothing is asked of it: the rest need not be sent.
    func requireNoRefusal() throws {
        if hasInput { _ = try receive(.refusal) }
    }

    /// What the mirror has said last, if it refuses: that says more than an error of the link.
    func lastWords() -> TransportError? {
        while refusal == nil, let received = try? reader.receive(timeoutNanoseconds: 1_000_000_000) {
            if received.header.kind == .refusal { return note(received) }
        }
        return refusal
    }

    private func note(_ received: FrameReader.Received) -> TransportError {
        let error = TransportError("it refuses: \(received.text)")
        refusal = error
        return error
    }
}
