import Glibc
import TestSupport
import Testing
import Transport

@Suite("sockets of the link")
struct LinkSocketTests {
    @Test("bytes arrive whole and in order, however they were cut")
    func wholeBytes() async throws {
        for seed in SeededGenerator.seeds(count: 4) {
            var generator = SeededGenerator(seed: seed)
            let pieces = (0..<200).map { _ in
                let count = generator.oneIn(20) ? generator.below(60_000) : generator.below(200)
                return [UInt8](repeating: UInt8(generator.below(256)), count: count)
            }
            let pair = try LinkPair()
            let all = Array(pieces.joined())
            async let sending: Void = Threads.run {
                try sendAll(pieces, on: pair.one)
                pair.one.shutdown()
            }
            let received = try await Threads.run { () throws -> [UInt8] in
                var bytes = [UInt8](repeating: 0, count: all.count)
                #expect(try bytes.withUnsafeMutableBytes { try pair.other.receiveExactly(into: $0) })
                var more: [UInt8] = [0]
                #expect(try !more.withUnsafeMutableBytes { try pair.other.receiveExactly(into: $0) })
                return bytes
            }
            try await sending
            #expect(received == all, "\(SeededGenerator.replayHint(seed: seed, step: 0))")
        }
    }

    @Test("descriptors close on exec and do not delay small frames")
    func options() throws {
        let pair = try LinkPair()
        for socket in [pair.one, pair.other] {
            #expect(fcntl(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(fcntl(socket.descriptor, F_GETFL) & O_NONBLOCK == 0)
            var value: Int32 = 0
            var count = socklen_t(4)
            getsockopt(socket.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &count)
            #expect(value == 1)
        }
        #expect(pair.one.localText == pair.other.peerText)
        #expect(pair.one.peerText == pair.other.localText)
    }

    @Test("a blocked reader and a blocked writer are woken by shutdown")
    func wakening() async throws {
        let pair = try LinkPair()
        async let reader = Threads.run { () throws -> Bool in
            var byte: [UInt8] = [0]
            return try byte.withUnsafeMutableBytes { try pair.one.receiveExactly(into: $0) }
        }
        async let writer = Threads.run { () throws -> TransportError? in
            do throws(TransportError) {
                while true { try pair.one.send([UInt8](repeating: 0, count: 1 << 20)) }
            } catch {
                return error
            }
        }
        usleep(100_000)
        pair.one.shutdown()
        #expect(try await reader == false)
        #expect(try await writer?.errno == EPIPE)
    }

    @Test("a deadline holds, also against a peer that sends a byte now and then")
    func deadlines() async throws {
        let pair = try LinkPair()
        async let dribble: Void = Threads.run {
            for _ in 0..<5 {
                try? pair.other.send([1])
                usleep(40_000)
            }
        }
        let (error, took) = try await Threads.run { () throws -> (TransportError?, Double) in
            var bytes = [UInt8](repeating: 0, count: 100)
            var failure: TransportError?
            let took = milliseconds {
                do throws(TransportError) {
                    _ = try receive(&bytes, from: pair.one, timeoutNanoseconds: 100_000_000)
                } catch {
                    failure = error
                }
            }
            return (failure, took)
        }
        #expect(error?.isTimeout == true)
        #expect(took >= 99 && took < 2000, "\(took) ms")
        try await dribble
    }

    @Test("a limit on sending is met by a peer that takes nothing, and taken back")
    func sendingIsLimited() async throws {
        let pair = try LinkPair()
        try pair.one.limitSending(toNanoseconds: 50_000_000)
        let error = try await Threads.run { () throws -> TransportError? in
            do throws(TransportError) {
                while true { try pair.one.send([UInt8](repeating: 0, count: 1 << 20)) }
            } catch {
                return error
            }
        }
        #expect(error?.isTimeout == true)
        try pair.one.limitSending(toNanoseconds: nil)
        async let blocked = Threads.run { () throws -> TransportError? in
            do throws(TransportError) {
                try pair.one.send([UInt8](repeating: 0, count: 1 << 20))
                return nil
            } catch {
                return error
            }
        }
        try await Task.sleep(nanoseconds: 200_000_000)
        pair.one.shutdown()
        #expect(try await blocked?.errno == EPIPE)
    }

    @Test("sending to a peer that is gone is an error and no signal")
    func brokenPipe() async throws {
        let pair = try LinkPair()
        pair.other.close()
        let error = try await Threads.run { () throws -> TransportError? in
            do throws(TransportError) {
                while true { try pair.one.send([UInt8](repeating: 0, count: 4096)) }
            } catch {
                return error
            }
        }
        #expect(error?.errno == EPIPE || error?.errno == ECONNRESET)
    }

    @Test("the end inside what was wanted is an error; before it, it is the end")
    func cut() throws {
        let pair = try LinkPair()
        try pair.one.send([1, 2, 3])
        pair.one.shutdown()
        var bytes = [UInt8](repeating: 0, count: 4)
        #expect(throws: TransportError.self) {
            try bytes.withUnsafeMutableBytes { try pair.other.receiveExactly(into: $0) }
        }
        #expect(try bytes.withUnsafeMutableBytes { try !pair.other.receiveExactly(into: $0) })
    }
}

private func receive(
    _ bytes: inout [UInt8], from socket: LinkSocket, timeoutNanoseconds: UInt64
) throws(TransportError) -> Bool {
    let result: Result<Bool, TransportError> = bytes.withUnsafeMutableBytes { buffer in
        Result { () throws(TransportError) in
            try socket.receiveExactly(into: buffer, timeoutNanoseconds: timeoutNanoseconds)
        }
    }
    return try result.get()
}

/// Sends `pieces` from one allocation, so that they have addresses for as long as it takes.
private func sendAll(_ pieces: [[UInt8]], on socket: LinkSocket) throws {
    try Array(pieces.joined()).withUnsafeBytes { all in
        var offset = 0
        let views = pieces.map { piece in
            defer { offset += piece.count }
            return UnsafeRawBufferPointer(rebasing: all[offset..<(offset + piece.count)])
        }
        try socket.sendAll(views)
    }
}
