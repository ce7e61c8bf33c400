import Epochs
import Glibc
import GuestKernel
import GuestMemory
import Replication
import Synchronization
import Transport

/// A primary's connections to its mirror: the link, the heartbeats', and, on one machine, what both sides share.
final class PrimaryConnection: Sendable {
    /// The mirror, as messages name it.
    let peer: String
    let welcome: Welcome
    let link: LinkSocket
    let reader: FrameReader
    let heartbeats: LinkSocket
    /// Where the mirror answers probes: where it listens.
    private let endpoint: String
    let local: SharedMachine?
    private let fault: TestFault?

    /// What there is besides sockets where both sides are on one machine (architecture §6).
    final class SharedMachine: Sendable {
        let page: LifePage
        let channel: LocalChannel
        let mirror: ProcessHandle?
        /// Until it has failed once.
        let takesDescriptors = Atomic<Bool>(true)

        init(_ page: LifePage, _ channel: LocalChannel, _ mirror: ProcessHandle?) {
            self.page = page
            self.channel = channel
            self.mirror = mirror
        }
    }

    private static let patienceNanoseconds: UInt64 = 5_000_000_000

    var isLocal: Bool { local != nil }
    var failureTimeoutNanoseconds: UInt64? { welcome.failureTimeoutNanoseconds }

    // MARK: - Making it

    /// Connects, shakes hands, and brings the volumes to the mirror. Everything that is wrong with the mirror's address
    /// or the mirror shows here, before the guest runs.
    init(
        _ endpoint: String, _ replication: ReplicationRequest, _ messages: MessageLog
    ) throws(SupervisorError) {
        let request = replication.peers
        self.endpoint = endpoint
        fault = replication.testFault
        peer = endpoint
        do {
            let identity = try MachineIdentity.own()
            link = try LinkSocket.connect(
                to: Endpoint(parsing: endpoint), timeoutNanoseconds: PrimaryConnection.patienceNanoseconds)
            // For the life of the process; the first comes while hands are shaken.
            let probes = try ProbeServer(on: link.localAddress.with(port: 0)) { false }
            var hello = Hello(
                purpose: .link, nonce: UInt64.random(in: .min ... .max), software: understudyVersion,
                arenaEnd: GuestLayout.arenaEnd, processor: HandshakeFacts.processor(), machine: identity.forTheLink,
                failureTimeoutNanoseconds: request.failureTimeoutNanoseconds, probeEndpoint: "\(probes.address)",
                isTreatedAsRemote: request.isTreatedAsRemote)
            hello.volumes = replication.volumes.map(VolumeOffer.init)
            reader = FrameReader(link)
            hello.isDurable = replication.isDurable
            welcome = try PrimaryConnection.shakeHands(hello, link, reader)
            if !replication.volumes.isEmpty {
                var sender = VolumeSender(link, reader, replication.volumes, messages)
                try sender.run()
            }
            hello.purpose = .heartbeats
            heartbeats = try LinkSocket.connect(
                toFirstOf: [link.peerAddress], timeoutNanoseconds: PrimaryConnection.patienceNanoseconds)
            try heartbeats.send(hello.frame)
            local = try PrimaryConnection.meet(welcome)
        } catch {
            throw SupervisorError(.failed, "--mirror \(endpoint): \(LinkWords.of(error))")
        }
    }

    private static func shakeHands(_ hello: Hello, _ link: LinkSocket, _ reader: FrameReader) throws -> Welcome {
        try link.send(hello.frame)
        guard let answer = try reader.receive(timeoutNanoseconds: patienceNanoseconds) else {
            throw TransportError("it closed the connection instead of answering")
        }
        switch answer.header.kind {
        case .welcome:
            let welcome = try Welcome(payload: answer.payload)
            let agreed = FailureTimeout.agreed(
                primary: hello.failureTimeoutNanoseconds, mirror: welcome.failureTimeoutNanoseconds)
            guard welcome.nonce == hello.nonce, welcome.failureTimeoutNanoseconds == agreed else {
                throw TransportError("what it answered does not fit the question")
            }
            return welcome
        case .refusal: throw TransportError("it refuses: \(answer.text)")
        default: throw TransportError("what it answered makes no sense")
        }
    }

    /// Nil where the sides do not share a machine.
    private static func meet(_ welcome: Welcome) throws -> SharedMachine? {
        guard !welcome.localChannel.isEmpty else { return nil }
        let channel = try LocalChannel.connect(to: welcome.localChannel, timeoutNanoseconds: patienceNanoseconds)
        let page = try LifePage.create()
        try page.hold(as: .primary)
        try channel.send(LocalMessage(kind: SharedKind.lifePage, number: 0, descriptors: [page.descriptor]))
        let mirror = try ProcessHandle.open(MachineIdentity(welcome.machine))
        return SharedMachine(page, channel, mirror)
    }

    // MARK: - Using it

    /// Hands descriptors over that the mirror cannot make itself. They are on their way before the epoch that names
    /// them. A mirror that does not take them gets none any more: it opens again what it can.
    func hand(_ wanted: [HandedDescriptors.Descriptor]) {
        guard let local, !wanted.isEmpty, local.takesDescriptors.load(ordering: .relaxed) else { return }
        do {
            for descriptor in wanted {
                try local.channel.send(
                    LocalMessage(
                        kind: SharedKind.descriptor, number: descriptor.identity, descriptors: [descriptor.hostFD]),
                    timeoutNanoseconds: PrimaryConnection.handingPatienceNanoseconds)
            }
        } catch {
            local.takesDescriptors.store(false, ordering: .relaxed)
        }
    }

    /// The mirror only puts them in a table. Output waits meanwhile.
    private static let handingPatienceNanoseconds: UInt64 = 200_000_000

    func probeMirror() -> PeerProbe {
        PeerProbe(probing: endpoint)
    }

    /// Makes sure that a silent mirror does nothing any more; on one machine only.
    func fenceMirror() -> Bool {
        guard let mirror = local?.mirror else { return false }
        do {
            try mirror.kill()
            return try mirror.waitUntilGone(timeoutNanoseconds: 2_000_000_000)
        } catch {
            return false
        }
    }

    /// The guest has ended, and all of its output is out: the mirror is not to take over.
    func sayGoodbye() {
        try? link.send(Frame(kind: .guestEnded))
        // Until the mirror has read it and closed its end: an exit before that could look like a death to it.
        _ = link.waitUntilPeerCloses(timeoutNanoseconds: 1_000_000_000)
    }

    func close() {
        link.shutdown()
        heartbeats.shutdown()
    }
}

extension PrimaryConnection: EpochSink {
    var isOnSameMachine: Bool { isLocal }

    func send(_ bytes: UnsafeRawBufferPointer) throws {
        try dieWithin(bytes)
        try link.send(bytes)
    }

    func sendNow(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        // What is left of a frame would be counted twice.
        guard fault?.point != .frame else {
            try send(bytes)
            return bytes.count
        }
        return try link.sendNow(bytes)
    }

    private func dieWithin(_ bytes: UnsafeRawBufferPointer) throws {
        guard let fault, let left = fault.bytesLeft(of: bytes.count) else { return }
        try link.send(UnsafeRawBufferPointer(rebasing: bytes[..<left]))
        TestFault.die()
    }

    /// It is the mirror that says when it has it.
    func noteSent(epoch: UInt64) {
        fault?.pass(.sent)
    }
}
