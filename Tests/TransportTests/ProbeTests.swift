import Epochs
import Glibc
import Synchronization
import TestSupport
import Testing
import Transport

@Suite("probes")
struct ProbeTests {
    private static let patience: UInt64 = 2_000_000_000

    private static func probe(
        _ address: SocketAddress, timeoutNanoseconds: UInt64 = patience
    ) async throws -> ProbeClient.Outcome {
        try await Threads.run {
            ProbeClient.probe([address], nonce: 0x1234_5678_9abc_def0, timeoutNanoseconds: timeoutNanoseconds)
        }
    }

    private static func loopback(port: UInt16 = 0) throws -> SocketAddress {
        try Endpoint(host: "127.0.0.1", port: port).resolve()[0]
    }

    @Test("a port where nobody listens refuses")
    func refused() async throws {
        #expect(try await Self.probe(Self.loopback(port: FreePort.any())) == .refused)
    }

    @Test("a server says what is so at that moment, and refuses once it is closed")
    func answers() async throws {
        let state = Switch()
        let server = try ProbeServer(on: Self.loopback()) { state.isOn }
        #expect(server.address.port != 0)
        #expect(try await Self.probe(server.address) == .alive)
        state.turnOn()
        #expect(try await Self.probe(server.address) == .tookOver)
        let text = "\(server.address)"
        let byText = try await Threads.run { ProbeClient.probe(text, nonce: 1, timeoutNanoseconds: Self.patience) }
        #expect(byText == .tookOver)
        server.close()
        #expect(try await Self.probe(server.address) == .refused)
    }

    @Test("strangers that are silent, or send garbage, do not keep a probe waiting")
    func strangers() async throws {
        let server = try ProbeServer(on: Self.loopback()) { false }
        defer { server.close() }
        var strangers: [LinkSocket] = []
        for index in 0..<30 {
            let socket = try LinkSocket.connect(toFirstOf: [server.address], timeoutNanoseconds: Self.patience)
            if index % 2 == 1 { try? socket.send([UInt8](repeating: 0x55, count: 64)) }
            strangers.append(socket)
        }
        #expect(try await Self.probe(server.address) == .alive)
        withExtendedLifetime(strangers) {}
    }

    @Test("a listener that accepts nobody is unreachable, in time")
    func silent() async throws {
        let listener = try LinkListener(on: Self.loopback())
        let address = listener.address
        let took = try await Threads.run {
            milliseconds {
                #expect(ProbeClient.probe([address], nonce: 1, timeoutNanoseconds: 150_000_000) == .unreachable)
            }
        }
        #expect(took >= 149 && took < 2000, "\(took) ms")
        withExtendedLifetime(listener) {}
    }

    @Test("an answer that is not to this probe, or none at all, is unreachable")
    func wrongAnswers() async throws {
        let answers = [
            ProbeAnswer(nonce: 1, hasTakenOver: false).frame.bytes, Frame(kind: .ack).bytes,
            Probe(nonce: 0x1234_5678_9abc_def0).frame.bytes, [UInt8](repeating: 0, count: 40),
            Frame(kind: .probeAnswer).bytes,
        ]
        for answer in answers {
            let listener = try LinkListener(on: Self.loopback())
            async let serving: Void = Threads.run {
                let socket = try #require(try listener.accept(timeoutNanoseconds: Self.patience))
                let received = try #require(try FrameReader(socket).receive(timeoutNanoseconds: Self.patience))
                #expect(try received.message(Probe.self).nonce == 0x1234_5678_9abc_def0)
                try socket.send(answer)
            }
            #expect(try await Self.probe(listener.address, timeoutNanoseconds: 300_000_000) == .unreachable)
            try await serving
        }
    }

    @Test("a process that drops the connection while it ends is asked again, and has refused then")
    func ending() async throws {
        let listener = try LinkListener(on: Self.loopback())
        let address = listener.address
        // Two threads that are both there at once: a task may wait for a minute for tests that compute.
        try await Threads.run(2) { index in
            if index == 0 {
                for _ in 0..<3 { _ = try listener.accept(timeoutNanoseconds: Self.patience) }
                listener.close()
            } else {
                let answer = ProbeClient.probe("\(address)", nonce: 1, timeoutNanoseconds: 60_000_000_000)
                #expect(answer == .refused)
            }
        }
    }

    @Test("what came on the port of primaries is answered if it is a probe")
    func answerOnAnotherPort() async throws {
        let pair = try LinkPair()
        try await Threads.run {
            try pair.one.send(Probe(nonce: 77).frame)
            let received = try #require(try FrameReader(pair.other).receive())
            try ProbeServer.answer(received, on: pair.other, hasTakenOver: true)
            let answer = try #require(try FrameReader(pair.one).receive())
            #expect(try answer.message() == ProbeAnswer(nonce: 77, hasTakenOver: true))
            try pair.one.send(Frame(kind: .ack))
            let other = try #require(try FrameReader(pair.other).receive())
            #expect(throws: TransportError.self) {
                try ProbeServer.answer(other, on: pair.other, hasTakenOver: true)
            }
        }
    }

    @Test("an endpoint that makes no sense is unreachable", arguments: ["", "nobody", "127.0.0.1:0", "[::1]"])
    func badEndpoints(text: String) {
        #expect(ProbeClient.probe(text, nonce: 1, timeoutNanoseconds: 10_000_000) == .unreachable)
    }
}

private final class Switch: Sendable {
    private let value = Atomic<Bool>(false)
    var isOn: Bool { value.load(ordering: .sequentiallyConsistent) }
    func turnOn() { value.store(true, ordering: .sequentiallyConsistent) }
}
