import Epochs
import Foundation
import Glibc
import TestSupport
import Testing
import Transport

@Suite("frames on a socket")
struct FrameReaderTests {
    private static func frame(_ count: Int, epoch: UInt64 = 3) -> Frame {
        Frame(kind: .output, epoch: epoch, payload: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    }

    /// The end that reads, of a connection that carried `bytes` and was closed then.
    private func reader(of bytes: [UInt8]) async throws -> FrameReader {
        let pair = try LinkPair()
        // It may be more than the sockets' buffers hold.
        Thread.detachNewThread {
            try? pair.one.send(bytes)
            pair.one.shutdown()
        }
        return FrameReader(pair.other)
    }

    @Test("frames arrive as they were sent, up to the longest, and then the end")
    func frames() async throws {
        let counts = [0, 1, 100, 600_000, 3, FrameHeader.payloadByteCountMax, 0]
        let frames = counts.enumerated().map { Self.frame($1, epoch: UInt64($0)) }
        let reader = try await reader(of: frames.flatMap(\.bytes))
        try await Threads.run {
            for (index, frame) in frames.enumerated() {
                let received = try #require(try reader.receive(timeoutNanoseconds: 10_000_000_000))
                #expect(received.header.kind == .output)
                #expect(received.header.epoch == UInt64(index))
                #expect(received.frame.elementsEqual(frame.bytes), "frame \(index)")
                #expect(received.payload.count == counts[index])
            }
            #expect(try reader.receive() == nil)
        }
    }

    @Test("a frame that is cut anywhere is an error, and only nothing at all is the end")
    func cut() async throws {
        let bytes = Self.frame(40).bytes
        try await Threads.run {
            for count in 0..<bytes.count {
                let pair = try LinkPair()
                try pair.one.send(Array(bytes.prefix(count)))
                pair.one.shutdown()
                let reader = FrameReader(pair.other)
                if count == 0 {
                    #expect(try reader.receive() == nil)
                } else {
                    #expect(throws: TransportError.self, "\(count) bytes") { try reader.receive() }
                }
            }
        }
    }

    @Test("a frame that is damaged anywhere is an error, and nothing more is waited for")
    func damaged() async throws {
        let bytes = Self.frame(40).bytes
        try await Threads.run {
            for index in bytes.indices {
                let pair = try LinkPair()
                var damaged = bytes
                damaged[index] ^= 0x10
                try pair.one.send(damaged)
                #expect(throws: WireError.self, "byte \(index)") {
                    try FrameReader(pair.other).receive(timeoutNanoseconds: 5_000_000_000)
                }
            }
        }
    }

    @Test("garbage is an error, at once and not at a deadline")
    func garbage() async throws {
        try await Threads.run {
            for seed in SeededGenerator.seeds(count: 50) {
                var generator = SeededGenerator(seed: seed)
                let pair = try LinkPair()
                try pair.one.send((0..<FrameHeader.byteCount).map { _ in UInt8(generator.below(256)) })
                #expect(throws: WireError.self, "\(SeededGenerator.replayHint(seed: seed, step: 0))") {
                    try FrameReader(pair.other).receive()
                }
            }
        }
    }

    @Test("the deadline is for the whole frame")
    func deadline() async throws {
        let pair = try LinkPair()
        let bytes = Self.frame(100).bytes
        async let dribble: Void = Threads.run {
            for byte in bytes.prefix(10) {
                try? pair.one.send([byte])
                usleep(30_000)
            }
        }
        let (error, took) = try await Threads.run { () throws -> (TransportError?, Double) in
            var failure: TransportError?
            let took = milliseconds {
                do {
                    _ = try FrameReader(pair.other).receive(timeoutNanoseconds: 100_000_000)
                } catch {
                    failure = error as? TransportError
                }
            }
            return (failure, took)
        }
        #expect(error?.isTimeout == true)
        #expect(took >= 99 && took < 2000, "\(took) ms")
        try await dribble
    }
}
