import Epochs
import Glibc
import RecordCoding
import Synchronization
import TestSupport
import Testing
import Transport

@testable import Supervisor

@Suite("bringing a volume to a mirror, over a link")
struct VolumeCopyTests {
    @Test("a primary that says at every step that it is there changes nothing")
    func inTouch() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumeCopyPair(in: scratch)
            for number in 0..<50 {
                try pair.volume.write("both\(number)", text: "one \(number)")
                try pair.copy.write("both\(number)", text: number % 2 == 0 ? "one \(number)" : "other")
            }
            try pair.volume.write("grown", [UInt8](repeating: 7, count: 300_000))
            try pair.copy.write("grown", [UInt8](repeating: 7, count: 100_000))
            try pair.volume.write("zeros", [UInt8](repeating: 0, count: 1_000_000))
            try pair.copy.write("zeros", [UInt8](repeating: 7, count: 200_000))
            try pair.volume.write("new", [UInt8](repeating: 1, count: 3_000_000) + [UInt8](repeating: 0, count: 3))
            try await Threads.run(2) { try $0 == 0 ? pair.send() : pair.receive() }
            for name in ["grown", "zeros", "new"] + (0..<50).map({ "both\($0)" }) {
                #expect(try pair.copy.read(name) == pair.volume.read(name), "\(name)")
            }
        }
    }

    @Test("a primary compares what a mirror has answered so far, and is heard of meanwhile")
    func comparing() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumeCopyPair(in: scratch)
            // 128 MiB of a hole on both sides: two frames of checksums.
            for side in [pair.volume, pair.copy] {
                let path = try side.write("hole", text: "")
                guard truncate(path, 128 << 20) == 0 else { throw TestFailure("no hole") }
            }
            try await Threads.run(2) { side in
                if side == 0 { return try pair.send() }
                let reader = FrameReader(pair.mirror)
                try pair.exchange(reader)
                for number in 1...2 {
                    var fields = RecordWriter()
                    fields.put(UInt32(0))
                    for _ in 0..<1024 { fields.put(UInt64(0)) }
                    try pair.mirror.send(Frame(kind: .volumeBlocks, payload: fields.bytes))
                    let received = try pair.next(reader)
                    #expect(received.header.kind == .volumeChanges && received.payload.isEmpty, "frame \(number)")
                }
                while try pair.next(reader).header.kind != .volumesEqual {}
                try pair.mirror.send(Frame(kind: .volumesEqual))
            }
        }
    }

    @Test("a mirror that cannot go on is heard before all was sent")
    func refusal() async throws {
        try await ScratchDirectory.with { scratch in
            let pair = try VolumeCopyPair(in: scratch)
            try pair.volume.write("large", [UInt8](repeating: 7, count: 128 << 20))
            let byteCount = Atomic(0)
            let error = await #expect(throws: TransportError.self) {
                try await Threads.run(2) { side in
                    if side == 0 { return try pair.send() }
                    let reader = FrameReader(pair.mirror)
                    try pair.exchange(reader)
                    while try pair.next(reader).payload.isEmpty {}
                    try pair.mirror.send(Frame(.refusal, saying: "no room"))
                    while let received = try? reader.receive(timeoutNanoseconds: VolumeCopyPair.patienceNanoseconds) {
                        byteCount.wrappingAdd(received.payload.count, ordering: .relaxed)
                    }
                }
            }
            #expect(error?.message == "it refuses: no room")
            // What was on its way.
            #expect(byteCount.load(ordering: .relaxed) < 64 << 20)
        }
    }

    @Test("while a mirror waits for a first copy, the end of the primary's machine would be noticed")
    func machinesEnd() async throws {
        @Sendable func isWatched(_ socket: LinkSocket) -> Bool {
            var (value, count) = (Int32(0), socklen_t(4))
            return getsockopt(socket.descriptor, SOL_SOCKET, SO_KEEPALIVE, &value, &count) == 0 && value == 1
        }
        try await ScratchDirectory.with { scratch in
            let pair = try VolumeCopyPair(in: scratch)
            try await Threads.run(2) { side in
                if side == 0 { return try pair.receive() }
                let reader = FrameReader(pair.primary)
                while try pair.next(reader).header.kind != .volumeEntries {}
                #expect(isWatched(pair.mirror))
                try pair.primary.send(Frame(kind: .volumeQuestions, payload: [1]))
                try pair.primary.send(Frame(kind: .volumesEqual))
                #expect(try pair.next(reader).header.kind == .volumesEqual)
            }
            #expect(!isWatched(pair.mirror))
        }
    }
}
