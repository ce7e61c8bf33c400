import Glibc
import GuestMemory
import RecordCoding
import TestSupport
import Testing

@testable import GuestKernel

/// What a mirror keeps of records to look at changed ones alone must say what a look at all of them says.
@Suite("a mirror's check of records")
struct CheckedRecordsTests {
    /// Those of a kernel with a bit of everything.
    private static func records() throws -> RecordSet {
        let fixture = try KernelFixture()
        defer { fixture.die() }
        fixture.kernel.setProgram(GuestProgram())
        try fixture.add(
            .event, Int32(EventFile.make(initial: 3, isSemaphore: false)), .event(EventRecord(isSemaphore: false)))
        try fixture.add(
            .event, Int32(EventFile.make(initial: 0, isSemaphore: true)), .event(EventRecord(isSemaphore: true)))
        let pipe = try fixture.addPipe(number: 1)
        let (near, far) = try fixture.addPair(type: Int32(SOCK_STREAM.rawValue), number: 2)
        for file in [pipe.writer, near, far] {
            try #require(write(file.hostFD, "abc", 3) == 3)
            file.transfers.set()
        }
        return fixture.kernel.capture()
    }

    /// Whether a kernel could be made of all of them.
    private static func isWhole(_ records: RecordSet) -> Bool {
        do {
            _ = try KernelRecords(records)
            _ = try ObjectRecords(records)
            return true
        } catch {
            return false
        }
    }

    private static func keys(_ records: RecordSet) -> [RecordKey] {
        RecordFamily.allCases.flatMap { family in records.family(family.rawValue).map(\.key) }
    }

    /// A change of one record, which may or may not be one that a primary could send.
    private static func change(_ records: inout RecordSet, _ keys: [RecordKey], _ generator: inout SeededGenerator) {
        let key = keys[generator.below(keys.count)]
        switch generator.below(6) {
        case 0: records[key] = nil
        case 1:
            guard var bytes = records[key], !bytes.isEmpty else { return }
            bytes[generator.below(bytes.count)] ^= UInt8(1 << generator.below(8))
            records[key] = bytes
        case 2: records[key]?.removeLast()
        case 3:
            // What one object is another becomes, or what it contains.
            let others = keys.filter { $0.family == key.family }
            records[key] = records[others[generator.below(others.count)]]
        case 4: records[RecordKey(family: key.family, number: UInt64(generator.below(9)))] = records[key]
        default:
            let thread = RecordFamily.thread.key(UInt64(ThreadList.firstTid))
            records[thread] = records[thread] == nil ? [] : nil
        }
    }

    @Test("a kernel's records are taken, the first time and after each change")
    func whole() throws {
        let records = try Self.records()
        var checked = CheckedRecords()
        try checked.apply(records.delta(since: RecordSet()))
        #expect(checked.records == records)
        try checked.apply(RecordDelta())
        #expect(checked.records == records)
    }

    @Test("a set that lacks what there always is, is refused")
    func missing() throws {
        let records = try Self.records()
        for key in Self.keys(records) where key.number == 0 && key.family != RecordFamily.object.rawValue {
            var fewer = records
            fewer[key] = nil
            var checked = CheckedRecords()
            #expect(throws: RestoreError.self, "\(key)") { try checked.apply(fewer.delta(since: RecordSet())) }
            checked = CheckedRecords()
            try checked.apply(records.delta(since: RecordSet()))
            #expect(throws: RestoreError.self, "\(key)") { try checked.apply(fewer.delta(since: records)) }
        }
    }

    @Test("a second record of a family that has one is passed over, as it is when the kernel is made")
    func second() throws {
        var records = try Self.records()
        for family in [RecordFamily.clock, .futexes, .descriptors, .process] { records[family.key(7)] = [1, 2, 3] }
        #expect(Self.isWhole(records))
        var checked = CheckedRecords()
        try checked.apply(records.delta(since: RecordSet()))
    }

    @Test("after random changes it says what a look at all records says")
    func random() throws {
        let records = try Self.records()
        let keys = Self.keys(records)
        try #require(keys.count > 15)
        var accepted = 0
        var refused = 0
        for seed in SeededGenerator.seeds(count: 2000) {
            var generator = SeededGenerator(seed: seed)
            var (now, checked) = (records, CheckedRecords())
            try checked.apply(records.delta(since: RecordSet()))
            for step in 0..<12 {
                var next = now
                for _ in 0...generator.below(2) { Self.change(&next, keys, &generator) }
                let isTaken = (try? checked.apply(next.delta(since: now))) != nil
                guard isTaken == Self.isWhole(next) else {
                    let hint = SeededGenerator.replayHint(seed: seed, step: step)
                    Issue.record("\(isTaken ? "taken" : "refused"): \(hint)")
                    return
                }
                guard isTaken else {
                    refused += 1
                    break
                }
                now = next
                accepted += 1
            }
        }
        #expect(accepted > 300 && refused > 300, "\(accepted), \(refused)")
    }
}
