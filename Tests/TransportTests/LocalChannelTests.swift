import Glibc
import TestSupport
import Testing
import Transport

@Suite("the local channel")
struct LocalChannelTests {
    private static let second: UInt64 = 1_000_000_000

    private func pair() throws -> (one: LocalChannel, other: LocalChannel) {
        let listener = try LocalListener()
        let one = try LocalChannel.connect(to: listener.name, timeoutNanoseconds: LocalChannelTests.second)
        let other = try #require(try listener.accept(timeoutNanoseconds: LocalChannelTests.second))
        return (one, other)
    }

    @Test("messages arrive as they were sent, from the smallest to the largest")
    func messages() async throws {
        let (one, other) = try pair()
        #expect(one.peerPid == getpid() && other.peerPid == getpid())
        for count in [0, 1, 4095, LocalMessage.byteCountMax] {
            let message = LocalMessage(
                kind: 7, number: .max - UInt64(count), bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0) })
            try one.send(message)
            #expect(try other.receive() == message)
            try other.send(message, timeoutNanoseconds: LocalChannelTests.second)
            #expect(try one.receive(timeoutNanoseconds: LocalChannelTests.second) == message)
        }
        one.shutdown()
        #expect(try other.receive() == nil)
    }

    @Test(
        "descriptors arrive as the same files, closed on exec", arguments: [1, 2, 3, LocalMessage.descriptorCountMax])
    func descriptors(count: Int) throws {
        let (one, other) = try pair()
        let pipes = try (0..<count).map { _ in try TestPipe() }
        try one.send(LocalMessage(kind: 1, number: 2, bytes: [3], descriptors: pipes.map(\.writing)))
        let received = try #require(try other.receive())
        #expect(received.descriptors.count == count)
        for (index, descriptor) in received.descriptors.enumerated() {
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(write(descriptor, [UInt8(index)], 1) == 1)
            close(descriptor)
            pipes[index].closeWriting()
            #expect(pipes[index].readAll() == [UInt8(index)])
        }
    }

    @Test("too much for a message is refused before anything is sent")
    func tooMuch() throws {
        let (one, other) = try pair()
        let pipe = try TestPipe()
        #expect(throws: TransportError.self) {
            try one.send(
                LocalMessage(kind: 1, number: 1, bytes: [UInt8](repeating: 0, count: LocalMessage.byteCountMax + 1)))
        }
        #expect(throws: TransportError.self) {
            try one.send(
                LocalMessage(
                    kind: 1, number: 1,
                    descriptors: [Int32](repeating: pipe.writing, count: LocalMessage.descriptorCountMax + 1)))
        }
        try one.send(LocalMessage(kind: 9, number: 9))
        #expect(try other.receive()?.kind == 9)
    }

    @Test("what makes no sense is refused, and its descriptors are closed")
    func malformed() throws {
        let header: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        let cases: [(bytes: [UInt8], descriptors: Int)] = [
            ([1], 1), (Array(header.prefix(15)), 3), (header + [1], 1), (header, 65), (header, 253),
            (header + [UInt8](repeating: 0, count: LocalMessage.byteCountMax + 1), 2),
        ]
        for (bytes, count) in cases {
            let (one, other) = try pair()
            let pipe = try TestPipe()
            try sendRaw(bytes, [Int32](repeating: pipe.writing, count: count), on: one.descriptor)
            pipe.closeWriting()
            #expect(throws: TransportError.self) { try other.receive(timeoutNanoseconds: LocalChannelTests.second) }
            // The end comes only if no copy of the writing end is left.
            #expect(pipe.readAll() == [], "\(bytes.count) bytes, \(count) descriptors")
            // The channel itself is as good as before.
            try one.send(LocalMessage(kind: 9, number: 9))
            #expect(try other.receive()?.kind == 9)
        }
    }

    @Test("an empty message is the end, and its descriptors are closed")
    func emptyMessage() throws {
        let (one, other) = try pair()
        let pipe = try TestPipe()
        try sendRaw([], [pipe.writing], on: one.descriptor)
        pipe.closeWriting()
        #expect(try other.receive() == nil)
        #expect(pipe.readAll() == [])
    }

    @Test("descriptors that nobody received are closed with the channel")
    func undelivered() throws {
        let pipe = try TestPipe()
        do {
            let (one, other) = try pair()
            try one.send(LocalMessage(kind: 1, number: 1, descriptors: [pipe.writing]))
            pipe.closeWriting()
            withExtendedLifetime(other) {}
        }
        #expect(pipe.readAll() == [])
    }

    @Test("a descriptor that is not open is an error, and nothing is sent")
    func closedDescriptor() throws {
        let (one, other) = try pair()
        #expect(throws: TransportError.self) {
            try one.send(LocalMessage(kind: 1, number: 1, descriptors: [1_000_000]))
        }
        try one.send(LocalMessage(kind: 9, number: 9))
        #expect(try other.receive()?.kind == 9)
    }

    @Test("a peer that is gone: an error for who sends, the end for who receives, no signal")
    func closedPeer() throws {
        let (one, other) = try pair()
        try one.send(LocalMessage(kind: 1, number: 1))
        other.shutdown()
        do {
            try one.send(LocalMessage(kind: 1, number: 1))
            Issue.record("it was sent")
        } catch {
            #expect(error.errno == EPIPE)
        }
        #expect(try one.receive() == nil)
    }

    @Test("a peer that does not read: sending ends in time, and so does receiving from one that is silent")
    func deadlines() async throws {
        let (one, other) = try pair()
        let (error, took) = try await Threads.run { () throws -> (TransportError?, Double) in
            let message = LocalMessage(
                kind: 1, number: 1, bytes: [UInt8](repeating: 0, count: LocalMessage.byteCountMax))
            var failure: TransportError?
            let took = milliseconds {
                do throws(TransportError) {
                    for _ in 0..<10_000 { try one.send(message, timeoutNanoseconds: 50_000_000) }
                } catch {
                    failure = error
                }
            }
            return (failure, took)
        }
        #expect(error?.isTimeout == true)
        #expect(took < 5000, "\(took) ms")
        do {
            _ = try one.receive(timeoutNanoseconds: 20_000_000)
            Issue.record("something came")
        } catch {
            #expect(error.isTimeout)
        }
        withExtendedLifetime(other) {}
    }

    @Test("a reader that is blocked is woken by shutdown")
    func wakening() async throws {
        let (one, other) = try pair()
        async let received = Threads.run { try one.receive() }
        usleep(50_000)
        one.shutdown()
        #expect(try await received == nil)
        withExtendedLifetime(other) {}
    }

    @Test("a name that nobody has, or that no socket has, is an error", arguments: ["nobody", "", "a b", "\u{0}x"])
    func badNames(name: String) {
        #expect(throws: TransportError.self) { try LocalChannel.connect(to: name, timeoutNanoseconds: 1_000_000) }
        #expect(throws: TransportError.self) {
            try LocalChannel.connect(to: String(repeating: "a", count: 108), timeoutNanoseconds: 1_000_000)
        }
    }

    @Test("two listeners have two names")
    func names() throws {
        #expect(try LocalListener().name != LocalListener().name)
    }
}
