import RecordCoding
import TestSupport
import Testing

@testable import GuestKernel

@Suite("what is held of a stream")
struct HeldQueueTests {
    private static func hold(_ bytes: [UInt8], in queue: inout HeldQueue) {
        let taken = queue.appendBytes(bytes.count) { place, count in
            bytes.withUnsafeBytes { place.copyMemory(from: $0.baseAddress!, byteCount: count) }
            return count
        }
        #expect(taken == bytes.count)
    }

    private static func payload(of step: HeldQueue.Step?) -> [UInt8] {
        guard let step, let payload = step.payload else { return [] }
        return Array(UnsafeRawBufferPointer(start: payload, count: step.byteCount))
    }

    @Test("goes nowhere before its commit, and then in pieces")
    func commits() {
        var queue = HeldQueue(byteCountMax: 100)
        HeldQueueTests.hold([1, 2, 3], in: &queue)
        #expect(queue.next() == nil)
        queue.cut()
        HeldQueueTests.hold([4, 5], in: &queue)
        #expect(queue.next() == nil)
        queue.commit(to: 3)
        #expect(HeldQueueTests.payload(of: queue.next()) == [1, 2, 3])
        queue.releaseBytes(2)
        #expect(HeldQueueTests.payload(of: queue.next()) == [3])
        #expect(queue.released == 2)
        queue.releaseBytes(1)
        #expect(queue.next() == nil && queue.heldByteCount == 2 && !queue.isEmpty)
        queue.commitEverything()
        #expect(HeldQueueTests.payload(of: queue.next()) == [4, 5])
        queue.releaseBytes(2)
        #expect(queue.isEmpty && queue.released == 5 && queue.room == 100)
    }

    @Test("a fill that fails changes nothing")
    func failedFill() {
        var queue = HeldQueue(byteCountMax: 100)
        #expect(queue.appendBytes(10) { _, _ in -14 } == -14)
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(queue.appendDatagram(to: nothing, flags: 0, 10) { _, _ in -14 } == -14)
        #expect(queue.isEmpty && queue.end == 0 && queue.heldByteCount == 0)
    }

    @Test("writes with boundaries are joined, and not cut")
    func joins() {
        var queue = HeldQueue(byteCountMax: 10_000, joinByteCountMax: 8)
        for length in [3, 4, 3, 20, 1] {
            HeldQueueTests.hold([UInt8](repeating: UInt8(length), count: length), in: &queue)
        }
        queue.commitEverything()
        var lengths: [Int] = []
        while let step = queue.next() {
            lengths.append(step.byteCount)
            queue.releaseBytes(step.byteCount)
        }
        #expect(lengths == [7, 3, 20, 1])
        #expect(queue.heldByteCount == 0)
    }

    @Test("boundaries count against the limit")
    func limit() {
        var queue = HeldQueue(byteCountMax: 1000)
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        var count = 0
        while queue.room > 0, count < 10_000 {
            #expect(queue.appendDatagram(to: nothing, flags: 0, 0) { _, _ in 0 } == 0)
            count += 1
        }
        #expect(count == 1 + 1000 / HeldQueue.overheadByteCount)
        queue.commitEverything()
        while queue.next() != nil { queue.releaseOperation() }
        #expect(queue.room == 1000)
    }

    @Test("after an error only the stream's end is left, and counts as released up to there")
    func discard() {
        var queue = HeldQueue(byteCountMax: 1000)
        HeldQueueTests.hold([1, 2, 3], in: &queue)
        queue.appendShutdown(1)
        queue.appendClose()
        queue.cut()
        queue.commit(to: 2)
        queue.discardPayload()
        #expect(queue.heldByteCount == 0 && queue.released == 3 && queue.next() == nil)
        queue.commit(to: 5)
        #expect(queue.next()?.kind == .shutdown)
        queue.releaseOperation()
        #expect(queue.next()?.kind == .close)
        queue.releaseOperation()
        #expect(queue.isEmpty && queue.released == 5)
    }

    // MARK: - Against a model

    /// One byte, or one datagram with its destination.
    private enum Unit: Equatable {
        case byte(UInt8)
        case datagram(address: [UInt8], bytes: [UInt8], flags: Int32)
        case shutdown
    }

    /// The guest's history, how far it was cut, committed and released, and what the mirror's ledger has to hold: what
    /// was cut and is not known to be released.
    private struct Model {
        var units: [Unit] = []
        var cuts: [Int] = [0]
        var committed = 0
        var released = 0
        var told = 0

        var ledger: [Unit] { Array(units[min(told, cuts.last!)..<cuts.last!]).filter { $0 != .shutdown } }
    }

    private struct Run: ~Copyable {
        var queue: HeldQueue
        var ledger = OutputLedger()
        var model = Model()
        var generator: SeededGenerator

        init(seed: UInt64) {
            generator = SeededGenerator(seed: seed)
            queue = HeldQueue(byteCountMax: .max, joinByteCountMax: seed % 2 == 0 ? .max : 16)
        }

        mutating func step() throws {
            switch generator.below(10) {
            case 0...2: appendBytes()
            case 3: appendDatagram()
            case 4 where generator.oneIn(4):
                queue.appendShutdown(1)
                model.units.append(.shutdown)
            case 5: try cut()
            case 6:
                model.committed = max(model.committed, model.cuts[generator.below(model.cuts.count)])
                queue.commit(to: UInt64(model.committed))
            case 7: try tell()
            default: release()
            }
        }

        private mutating func appendBytes() {
            let bytes = (0..<generator.below(40) + 1).map { _ in UInt8.random(in: 0...255, using: &generator) }
            HeldQueueTests.hold(bytes, in: &queue)
            model.units += bytes.map { .byte($0) }
        }

        private mutating func appendDatagram() {
            let address = [UInt8](repeating: UInt8(generator.below(256)), count: generator.below(3) * 8)
            let bytes = [UInt8](repeating: UInt8(generator.below(256)), count: generator.below(30))
            let flags = Int32(generator.below(5))
            let taken = address.withUnsafeBytes { address in
                queue.appendDatagram(to: address, flags: flags, bytes.count) { place, count in
                    bytes.withUnsafeBytes { place.copyMemory(from: $0.baseAddress!, byteCount: count) }
                    return count
                }
            }
            #expect(taken == bytes.count)
            model.units.append(.datagram(address: address, bytes: bytes, flags: flags))
        }

        private mutating func cut() throws {
            var writer = RecordWriter()
            writer.put(UInt32(1))
            writer.put(UInt64(7))
            OutputPlace.outside(1).put(into: &writer)
            writer.put(Int64?.none)
            queue.cut(into: &writer)
            try ledger.add(writer.bytes)
            model.cuts.append(model.units.count)
        }

        /// Tells the mirror how far it is; now and then late, as heartbeats are.
        private mutating func tell() throws {
            let position = generator.oneIn(3) ? model.told : model.released
            var writer = RecordWriter()
            writer.put(UInt32(1))
            writer.put(UInt64(7))
            writer.put(UInt64(position))
            try ledger.markReleased(writer.bytes)
            model.told = max(model.told, position)
        }

        private mutating func release() {
            guard let step = queue.next() else {
                #expect(model.released == model.committed)
                return
            }
            let payload = HeldQueueTests.payload(of: step)
            switch step.kind {
            case .bytes:
                let count = generator.below(step.byteCount) + 1
                #expect(
                    Array(model.units[model.released..<(model.released + count)])
                        == payload.prefix(count).map { .byte($0) })
                queue.releaseBytes(count)
                model.released += count
            case .datagram:
                let address = Array(payload.prefix(step.addressByteCount))
                let bytes = Array(payload.dropFirst(step.addressByteCount))
                #expect(model.units[model.released] == .datagram(address: address, bytes: bytes, flags: step.flags))
                queue.releaseOperation()
                model.released += 1
            case .shutdown, .close:
                #expect(model.units[model.released] == .shutdown)
                queue.releaseOperation()
                model.released += 1
            }
            #expect(model.released <= model.committed)
        }

        func check(_ hint: String) {
            #expect(queue.released == UInt64(model.released), "\(hint)")
            #expect(queue.end == UInt64(model.units.count), "\(hint)")
            var held: [Unit] = []
            for entry in ledger.entries {
                let record = entry.record
                if record.isDatagram {
                    held.append(.datagram(address: record.address, bytes: record.bytes, flags: record.flags))
                } else {
                    held += record.bytes.map { .byte($0) }
                }
            }
            #expect(held == model.ledger, "\(hint)")
        }
    }

    @Test("as a model says, with the mirror's ledger", arguments: SeededGenerator.seeds(count: 40))
    func model(_ seed: UInt64) throws {
        var run = Run(seed: seed)
        for step in 0..<2000 {
            try run.step()
            if step % 50 == 0 { run.check(SeededGenerator.replayHint(seed: seed, step: step)) }
        }
        run.check(SeededGenerator.replayHint(seed: seed, step: 2000))
    }
}
