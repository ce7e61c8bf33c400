import Epochs
import Glibc
import Synchronization

/// Answers probes on a port of its own, on threads of its own.
///
/// A mirror answers those that come to the port where primaries connect as well: `answer`.
public final class ProbeServer: Sendable {
    private let listener: LinkListener
    private let hasTakenOver: @Sendable () -> Bool
    private let connectionCount = Atomic<Int>(0)

    /// Strangers that say nothing must not keep the peer waiting; more of them than this are turned away at once.
    private static let connectionsMax = 16
    private static let patienceNanoseconds: UInt64 = 500_000_000
    private static let pauseMicroseconds: UInt32 = 10_000

    /// Answers at `address`, whose port may be 0, until `close` or the end of the process, with what `hasTakenOver`
    /// says at that moment.
    public init(
        on address: SocketAddress, hasTakenOver: @escaping @Sendable () -> Bool
    ) throws(TransportError) {
        listener = try LinkListener(on: address)
        self.hasTakenOver = hasTakenOver
        try HelperThread.start("probes") { [self] in acceptUntilClosed() }
    }

    /// What goes in the handshake; has the port that it really has.
    public var address: SocketAddress { listener.address }

    /// Ends it: probes are refused from now on.
    public func close() {
        listener.close()
    }

    /// Answers the probe that `received` is. Throws when it is none, or the answer cannot be sent.
    public static func answer(
        _ received: FrameReader.Received, on socket: LinkSocket, hasTakenOver: Bool
    ) throws {
        guard received.header.kind == .probe else { throw TransportError("\(socket.peerText) has not sent a probe") }
        let probe = try received.message(Probe.self)
        try socket.send(ProbeAnswer(nonce: probe.nonce, hasTakenOver: hasTakenOver).frame)
    }

    private func acceptUntilClosed() {
        while !listener.isClosed {
            do {
                serve(try listener.accept())
            } catch {
                // Out of descriptors or the like: the next try may be luckier.
                asleep { _ = usleep(ProbeServer.pauseMicroseconds) }
            }
        }
    }

    private func serve(_ socket: LinkSocket) {
        guard connectionCount.add(1, ordering: .relaxed).newValue <= ProbeServer.connectionsMax else {
            connectionCount.subtract(1, ordering: .relaxed)
            return
        }
        do {
            try HelperThread.start("a probe") { [self] in
                defer { connectionCount.subtract(1, ordering: .relaxed) }
                answerOne(socket)
            }
        } catch {
            connectionCount.subtract(1, ordering: .relaxed)
        }
    }

    private func answerOne(_ socket: LinkSocket) {
        do {
            let reader = FrameReader(socket)
            guard let received = try reader.receive(timeoutNanoseconds: ProbeServer.patienceNanoseconds) else { return }
            try ProbeServer.answer(received, on: socket, hasTakenOver: hasTakenOver())
        } catch {
            // Garbage, silence, or a peer that went away: nobody to tell.
        }
    }
}
