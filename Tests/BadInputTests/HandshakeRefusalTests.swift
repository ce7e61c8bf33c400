import Epochs
import Foundation
import TestSupport
import Testing

/// Primaries and mirrors that do not go together: the answer is a sentence.
@Suite("handshakes that fail", .startsGuests)
struct HandshakeRefusalTests {
    /// What a primary on this machine could say.
    private static func hello() -> Hello {
        Hello(
            purpose: .link, nonce: 42, software: "test", arenaEnd: 0x2000_0000_0000,
            processor: ProcessorFacts(xsaveMask: 3, xsaveByteCount: 576, components: [], featureWords: []),
            machine: PeerIdentity(bootIdentity: "elsewhere", pidNamespace: 1, pid: 2, startTicks: 3),
            failureTimeoutNanoseconds: 500_000_000, probeEndpoint: "127.0.0.1:9", isTreatedAsRemote: true)
    }

    private static func inVersion(_ version: UInt8, _ frame: Frame) -> [UInt8] {
        var bytes = frame.bytes
        bytes[4] = version
        return bytes
    }

    @Test("a mirror says why it does not take a primary, and waits for the next")
    func refusals() async throws {
        let command = Command(try #require(Linkage.static.path(of: "hello"), "run make guests"), ["3"])
        let native = try await NativeRuns.shared.outcome(of: command)
        var otherPages = Self.hello()
        otherPages.pageByteCount = 65_536
        var otherAddresses = Self.hello()
        otherAddresses.arenaEnd = 0x1000_0000_0000
        var otherProcessor = Self.hello()
        otherProcessor.processor.xsaveMask = ~0
        var otherFeatures = Self.hello()
        otherFeatures.processor.featureWords = [UInt32](repeating: ~0, count: 64)
        let greetings: [(bytes: [UInt8], words: [String])] = [
            (Self.inVersion(200, Self.hello().frame), ["version 200"]), (otherPages.frame.bytes, ["65536", "4096"]),
            (otherAddresses.frame.bytes, ["addresses"]), (otherProcessor.frame.bytes, ["CPU"]),
            (otherFeatures.frame.bytes, ["CPU"]),
        ]
        let port = try FreePort.any()
        let address = "127.0.0.1:\(port)"
        let outcome = try await ReplicatedGuest.withMirror(at: address) { mirror in
            for (bytes, words) in greetings {
                let answer = try await Threads.run {
                    let connection = try RawConnection(port: port)
                    try connection.send(bytes)
                    return connection.receiveAll(silenceMilliseconds: 10_000).bytes
                }
                let header = try answer.withUnsafeBytes { try FrameHeader.check($0) }
                let text = String(decoding: answer.dropFirst(FrameHeader.byteCount), as: UTF8.self)
                #expect(header.kind == .refusal)
                for word in words { #expect(text.contains(word), "\(text)") }
            }
            let primary = try await ReplicationOptions().primary(command, mirroredAt: address).run()
            return ReplicatedOutcome(primary: primary, mirror: try await mirror.waitForEnd())
        }
        try outcome.requireSame(as: native)
    }

    @Test("a primary says what its mirror said: 125, and nothing runs")
    func saidByMirror() async throws {
        let answers: [(bytes: [UInt8], words: [String])] = [
            (Self.inVersion(200, Frame(.refusal, saying: "no")), ["version 200"]),
            (Frame(.refusal, saying: "this mirror has other plans").bytes, ["this mirror has other plans"]),
            (Frame(kind: .ack, epoch: 7).bytes, []), (Frame(kind: .welcome, payload: [1, 2, 3]).bytes, []),
            (Array(Frame(.refusal, saying: "cut short").bytes.dropLast(3)), []),
        ]
        for (bytes, words) in answers {
            try await FakePeer.with(.says(bytes)) { port in
                let address = "127.0.0.1:\(port)"
                let outcome = try await Understudy.run(Command("/bin/echo"), options: ["--mirror", address]).run()
                try outcome.requireRefusal(125, naming: address)
                for word in words { #expect(outcome.errorText.contains(word), "\(outcome)") }
            }
        }
    }
}
