import Epochs
import Glibc
import GuestMemory
import Replication
import Transport

/// Who connects to a mirror's port: a primary, its heartbeats, a probe, or a stranger.
extension MirrorRole {
    /// A stranger that says nothing is not waited for.
    private static let firstFramePatienceNanoseconds: UInt64 = 2_000_000_000

    func acceptForEver() {
        while true {
            guard let socket = try? listener.accept() else {
                // Out of descriptors or the like: the next try may be luckier.
                HostThreads.sleep(10_000_000)
                continue
            }
            HostThreads.startOrSay("connection", request.messages) { [self] in greet(socket) }
        }
    }

    private func greet(_ socket: LinkSocket) {
        defer { socket.close() }
        let reader = FrameReader(socket)
        do {
            guard let first = try reader.receive(timeoutNanoseconds: MirrorRole.firstFramePatienceNanoseconds) else {
                return
            }
            switch first.header.kind {
            case .probe: try answerProbe(socket, Probe(decoding: first.payload))
            case .hello: try receive(Hello(decoding: first.payload), socket, reader)
            default: return
            }
        } catch {
            // Garbage, silence or a peer that went away: nobody to tell.
        }
    }

    private func answerProbe(_ socket: LinkSocket, _ probe: Probe) throws {
        let hasTakenOver = state.withLock { $0.order == .takeOver }
        let answer = ProbeAnswer(nonce: probe.nonce, state: hasTakenOver ? .tookOver : .mirroring)
        try socket.send(Frame(answer))
    }

    private func receive(_ hello: Hello, _ socket: LinkSocket, _ reader: FrameReader) throws {
        switch hello.purpose {
        case .link: try serveLink(hello, socket, reader)
        case .heartbeat: try serveHeartbeats(hello, socket, reader)
        }
    }

    // MARK: - The link

    private func serveLink(_ hello: Hello, _ socket: LinkSocket, _ reader: FrameReader) throws {
        if let refusal = HandshakeCheck.refusal(of: hello, by: facts) {
            request.messages.say(.warning, "refused the primary at \(socket.peerText): \(refusal)")
            try socket.send(Frame(refusal: refusal))
            return
        }
        guard let session = try openSession(hello, socket) else {
            try socket.send(Frame(refusal: "this mirror has a primary already"))
            return
        }
        try socket.send(Frame(session.welcome))
        decide(.linkEstablished)
        session.run(reader)
    }
}
