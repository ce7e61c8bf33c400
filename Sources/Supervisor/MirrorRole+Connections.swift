import Epochs
import Glibc
import GuestMemory
import Replication
import Transport
import VolumeStore
import Volumes

/// Who connects to a mirror's port: a primary, its heartbeats, a probe, or a stranger.
extension MirrorRole {
    /// A stranger that says nothing is not waited for.
    private static let firstFramePatienceNanoseconds: UInt64 = 2_000_000_000
    /// So many may be about to say who they are.
    private static let greetingsMax = 64

    func acceptForEver() {
        while true {
            guard let socket = try? listener.accept() else {
                // Out of descriptors or the like: the next try may be luckier.
                HostThreads.sleep(10_000_000)
                continue
            }
            // A primary has two, and probes are short: strangers must not use up the threads.
            guard greetingCount.add(1, ordering: .relaxed).newValue <= MirrorRole.greetingsMax else {
                greetingCount.subtract(1, ordering: .relaxed)
                continue
            }
            do throws(SupervisorError) {
                try HostThreads.start("connection") { [self] in greet(socket) }
            } catch {
                greetingCount.subtract(1, ordering: .relaxed)
                request.messages.say(.warning, error.message)
            }
        }
    }

    private func greet(_ socket: LinkSocket) {
        let reader = FrameReader(socket)
        do {
            let patience = MirrorRole.firstFramePatienceNanoseconds
            let first: FrameReader.Received?
            do {
                defer { greetingCount.subtract(1, ordering: .relaxed) }
                first = try reader.receive(timeoutNanoseconds: patience)
            }
            guard let first else { return }
            switch first.header.kind {
            case .probe: try socket.send(answer(to: Probe(payload: first.payload)).frame)
            case .hello: try serve(Hello(payload: first.payload), socket, reader)
            default: return
            }
        } catch let error as WireError {
            // Another version is told so in words that it can read: a header's start never changes.
            if case .otherVersion = error.code { refuse(error.message, socket) }
        } catch {
            // Silence, or a peer that went away: nobody to tell.
        }
    }

    private func answer(to probe: Probe) -> ProbeAnswer {
        ProbeAnswer(nonce: probe.nonce, hasTakenOver: hasTakenOver)
    }

    private var hasTakenOver: Bool { state.withLock { $0.order == .takeOver } }

    private func refuse(_ reason: String, _ socket: LinkSocket) {
        request.messages.say(.warning, "refused a primary at \(socket.peerText): \(reason)")
        try? socket.send(Frame(.refusal, saying: reason))
    }

    private func serve(_ hello: Hello, _ socket: LinkSocket, _ reader: FrameReader) throws {
        switch hello.purpose {
        case .link: try serveLink(hello, socket, reader)
        case .heartbeats: try serveHeartbeats(hello, socket, reader)
        }
    }

    // MARK: - The link

    private func serveLink(_ hello: Hello, _ socket: LinkSocket, _ reader: FrameReader) throws {
        let processor = HandshakeFacts.processor()
        if let reason = hello.refusal(by: processor, arenaEnd: GuestLayout.arenaEnd) { return refuse(reason, socket) }
        let volumes: VolumeStore
        do {
            volumes = try VolumeStore(places(hello)) { [self] in request.messages.say(.warning, $0) }
        } catch {
            return refuse(LinkWords.of(error), socket)
        }
        let isRemote = hello.isTreatedAsRemote || request.peers.isTreatedAsRemote
        let isLocal = !isRemote && hello.machine.isSameMachine(as: identity.forTheLink)
        let local = isLocal ? try LocalListener() : nil
        let welcome = Welcome(
            nonce: hello.nonce, machine: identity.forTheLink,
            failureTimeoutNanoseconds: FailureTimeout.agreed(
                primary: hello.failureTimeoutNanoseconds, mirror: request.peers.failureTimeoutNanoseconds),
            localChannel: local?.name ?? "", fences: request.peers.fenceCommand != nil)
        let session = MirrorSession(hello, welcome, socket, memory, volumes) { [self] in
            try acknowledge($0, on: $1, closing: $2)
        }
        guard begin(session) else { return refuse("this mirror has a primary already", socket) }
        do {
            try socket.send(welcome.frame)
            if !hello.volumes.isEmpty { try synchronise(session, socket, reader) }
            if let local { try meet(session, local) }
        } catch {
            forgetPrimary()
            throw error
        }
        decide(.linkEstablished)
        HostThreads.startOrSay("clock", request.messages) { [self] in tick(session) }
        session.run(reader) { end in finish(session, end) }
    }

    private func finish(_ session: MirrorSession, _ end: MirrorSession.End) {
        switch end {
        case .goodbye: decide(.byeReceived)
        case .refused(let reason): decide(.epochRefusedByUs(reason))
        case .broken(let reason):
            if !hasTakenOver { request.messages.say(.warning, "the link to the primary: \(reason)") }
            decide(.linkClosed)
        }
        // A mirror that gives up has something left to say on it.
        if case .standDown = state.withLock({ $0.order }) { return }
        session.close()
        if hasTakenOver { session.waitUntilGuestRuns() }
    }

    /// Until it is through there is no epoch, and nothing to take over.
    private func synchronise(_ session: MirrorSession, _ socket: LinkSocket, _ reader: FrameReader) throws {
        let receiver = VolumeReceiver(
            link: socket, reader: reader, volumes: session.volumes, isDurable: session.hello.isDurable)
        do {
            try receiver.run()
        } catch {
            let reason = "the volumes are incomplete here: \(LinkWords.of(error))"
            refuse(reason, socket)
            // The primary may be in the middle of sending: what it has not read is lost with a connection that is
            // closed with something unread (tcp_close in net/ipv4/tcp.c).
            while (try? reader.receive(timeoutNanoseconds: MirrorRole.firstFramePatienceNanoseconds)) != nil {}
            throw error
        }
    }

    /// Where the primary's volumes are to be here.
    private func places(_ hello: Hello) throws -> [VolumePlace] {
        let places = try VolumeDirectories.make(hello.volumes.map(\.guestPath), below: request.volumeRoot)
        try VolumeDirectories.checkDistinct(places)
        guard hello.machine.bootIdentity == identity.bootIdentity else { return places }
        try VolumeDirectories.checkApart(
            places, from: hello.volumes.map { ($0.guestPath, FileIdentity(device: $0.device, inode: $0.inode)) },
            hasRoot: request.volumeRoot != nil)
        return places
    }

    /// False when there is a primary already.
    private func begin(_ session: MirrorSession) -> Bool {
        let isLocal = session.isLocal
        let fence: FenceMeans = isLocal ? .kill : request.peers.fenceCommand == nil ? .none : .command
        guard state.withLock({ $0.session == nil }) else { return false }
        // Behind address translation nobody ever answers, and a refusal would show nothing.
        let canProbe = PeerProbe(probing: session.hello.probeEndpoint) == .alive
        return state.withLock { state in
            guard state.session == nil, state.order == .wait else { return false }
            state.session = session
            state.decision = MirrorDecision(
                failureTimeoutNanoseconds: session.welcome.failureTimeoutNanoseconds, fence: fence, canProbe: canProbe)
            return true
        }
    }

    /// A primary that went away before the handshake was through: the next may come.
    private func forgetPrimary() {
        state.withLock { state in
            state.session = nil
            state.decision = nil
            state.machine = nil
        }
    }

    /// The page in which both sides see each other's death, and a hold on the primary's process.
    private func meet(_ session: MirrorSession, _ local: LocalListener) throws {
        let patience = MirrorRole.firstFramePatienceNanoseconds
        guard let channel = try local.accept(timeoutNanoseconds: patience),
            let message = try channel.receive(timeoutNanoseconds: patience), message.kind == SharedKind.lifePage,
            let descriptor = message.descriptors.first
        else { throw TransportError("the primary did not come to the local socket") }
        let page = try LifePage(descriptor: descriptor)
        try page.hold(as: .mirror)
        let primary = try ProcessHandle.open(MachineIdentity(session.hello.machine))
        state.withLock { $0.machine = SharedWithPrimary(page: page, primary: primary) }
        HostThreads.startOrSay("handed", request.messages) {
            // A takeover waits for it.
            _ = Urgency()
            session.receiveHanded(channel)
        }
        HostThreads.startOrSay("primary-life", request.messages) { [self] in
            _ = Urgency()
            page.waitForDeath(of: .primary)
            // One that says goodbye lives until that was read.
            decide(.primaryDied)
        }
    }

    // MARK: - Signs of life

    private func tick(_ session: MirrorSession) {
        let step = FailureTimeout.stepNanoseconds(session.welcome.failureTimeoutNanoseconds)
        while state.withLock({ $0.order == .wait }) {
            HostThreads.sleep(step)
            decide(.tick)
        }
    }

    private func serveHeartbeats(_ hello: Hello, _ socket: LinkSocket, _ reader: FrameReader) throws {
        guard let session = state.withLock({ $0.session }), session.hello.nonce == hello.nonce else { return }
        session.keep(heartbeats: socket)
        while let received = try reader.receive() {
            if received.header.kind == .dismissal {
                decide(.epochRefusedByUs(received.text))
                continue
            }
            guard received.header.kind == .heartbeat else { return }
            let heartbeat = try Heartbeat(payload: received.payload)
            decide(.heartbeatReceived)
            // Answered first: the other waits while an epoch is applied.
            try socket.send(HeartbeatReply(sequence: heartbeat.sequence, hasTakenOver: hasTakenOver).frame)
            if !heartbeat.released.isEmpty { try session.noteReleased(heartbeat.released) }
        }
    }
}
