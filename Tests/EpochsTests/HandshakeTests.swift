import RecordCoding
import Testing

@testable import Epochs

@Suite("handshakes")
struct HandshakeTests {
    private static let processor = ProcessorFacts(
        xsaveMask: 0xe7, xsaveByteCount: 2696,
        components: [.init(number: 2, offset: 576, byteCount: 256), .init(number: 5, offset: 1088, byteCount: 64)],
        featureWords: [0b1011, 0xf0f0])

    private static let hello = Hello(
        purpose: .link, nonce: 5, software: "0.1.0", arenaEnd: 1 << 45, processor: processor,
        machine: PeerIdentity(bootIdentity: "boot", pidNamespace: 7, pid: 42, startTicks: 1000),
        failureTimeoutNanoseconds: 500_000_000, probeEndpoint: "127.0.0.1:7000", isTreatedAsRemote: false)

    private static let welcome = Welcome(
        nonce: 5, machine: hello.machine, failureTimeoutNanoseconds: nil, localChannel: "name", fences: true)

    private static func check<Message: WireMessage & Equatable>(_ message: Message) throws {
        let frame = message.frame.bytes
        let payload = Array(frame.dropFirst(FrameHeader.byteCount))
        #expect(try payload.withUnsafeBytes { try Message(payload: $0) } == message)
        for length in 0..<payload.count {
            #expect(throws: WireError.self) {
                _ = try Array(payload.prefix(length)).withUnsafeBytes { try Message(payload: $0) }
            }
        }
        for place in frame.indices {
            var damaged = frame
            damaged[place] ^= 0x40
            #expect(throws: WireError.self, "damaged at \(place)") {
                _ = try damaged.withUnsafeBytes { try FrameHeader.check($0) }
            }
        }
    }

    @Test("each message is read as it was written; cut or damaged at any byte it is refused")
    func messages() throws {
        try HandshakeTests.check(HandshakeTests.hello)
        try HandshakeTests.check(HandshakeTests.welcome)
        try HandshakeTests.check(Heartbeat(sequence: 9, released: [1, 2]))
        try HandshakeTests.check(HeartbeatReply(sequence: 9, hasTakenOver: true))
        try HandshakeTests.check(Probe(nonce: 3))
        try HandshakeTests.check(ProbeAnswer(nonce: 3, hasTakenOver: false))
    }

    @Test("another version is named, whatever else the frame holds")
    func otherVersion() {
        var frame = HandshakeTests.hello.frame.bytes
        frame[4] = 99
        #expect(throws: WireError.self) {
            do {
                _ = try frame.withUnsafeBytes { try FrameHeader.check($0) }
            } catch let error as WireError {
                #expect(error.code == .otherVersion(99))
                throw error
            }
        }
    }

    @Test("a mirror that lacks something refuses and says what")
    func refusals() {
        let hello = HandshakeTests.hello
        let end: UInt64 = 1 << 45
        #expect(hello.refusal(by: HandshakeTests.processor, arenaEnd: end) == nil)
        var more = HandshakeTests.processor
        more.xsaveMask |= 1 << 9
        more.featureWords[0] |= 0b0100
        #expect(hello.refusal(by: more, arenaEnd: end) == nil)

        var lacking = HandshakeTests.processor
        lacking.xsaveMask = 0x7
        #expect(hello.refusal(by: lacking, arenaEnd: end)?.contains("0xe0") == true)
        lacking = HandshakeTests.processor
        lacking.components[1].offset = 832
        #expect(hello.refusal(by: lacking, arenaEnd: end)?.contains("component 5") == true)
        lacking = HandshakeTests.processor
        lacking.featureWords[0] = 0b0011
        #expect(hello.refusal(by: lacking, arenaEnd: end)?.contains("0x8") == true)
        #expect(hello.refusal(by: HandshakeTests.processor, arenaEnd: 1 << 46)?.contains("addresses") == true)
        var otherPages = hello
        otherPages.pageByteCount = 16384
        #expect(otherPages.refusal(by: HandshakeTests.processor, arenaEnd: end)?.contains("16384") == true)
    }

    @Test("processes are on one machine only with the same boot and pid namespace")
    func machines() {
        let one = HandshakeTests.hello.machine
        var other = one
        other.pid = 43
        #expect(one.isSameMachine(as: other))
        other.pidNamespace = 8
        #expect(!one.isSameMachine(as: other))
        other = one
        other.bootIdentity = "another"
        #expect(!one.isSameMachine(as: other))
    }
}
