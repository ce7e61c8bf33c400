import RecordCoding
import Testing

@Suite("records as bytes")
struct RecordCodingTests {
    private static func written() -> [UInt8] {
        var writer = RecordWriter()
        writer.put(UInt64.max)
        writer.put(Int32(-5))
        writer.put(true)
        writer.put([1, 2, 3])
        writer.put("text")
        writer.put(UInt16?.none)
        writer.put(UInt16?.some(9))
        writer.putAll([10, 20] as [UInt32]) { $0.put($1) }
        return writer.bytes
    }

    private static func read(_ bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        guard try reader.get(UInt64.self) == .max, try reader.get(Int32.self) == -5, try reader.getFlag(),
            try reader.getBytes() == [1, 2, 3], try reader.getText() == "text",
            try reader.getOptional(UInt16.self) == nil, try reader.getOptional(UInt16.self) == 9,
            try reader.getAll({ reader throws(RecordError) in try reader.get(UInt32.self) }) == [10, 20]
        else { throw .isMalformed }
        try reader.finish()
    }

    @Test("what was written is read; cut at any byte it is an error, and so is anything more")
    func roundTrip() throws {
        let bytes = RecordCodingTests.written()
        try RecordCodingTests.read(bytes)
        for length in 0..<bytes.count {
            #expect(throws: RecordError.isCutShort) { try RecordCodingTests.read(Array(bytes.prefix(length))) }
        }
        #expect(throws: RecordError.hasExcess) { try RecordCodingTests.read(bytes + [0]) }
    }

    @Test("a count that the bytes cannot hold allocates nothing")
    func hugeCount() {
        #expect(throws: RecordError.isCutShort) {
            var reader = RecordReader([0xff, 0xff, 0xff, 0xff, 1])
            _ = try reader.getAll { reader throws(RecordError) in try reader.get(UInt8.self) }
        }
    }

    @Test("a delta makes one set the other", arguments: 0..<20)
    func deltas(round: Int) {
        var generator = SystemRandomNumberGenerator()
        func randomSet() -> RecordSet {
            var set = RecordSet()
            for number in 0..<UInt64(8) where Bool.random(using: &generator) {
                set[RecordKey(family: 1, number: number)] = [UInt8.random(in: 0...2, using: &generator)]
            }
            return set
        }
        let (old, new) = (randomSet(), randomSet())
        var made = old
        made.apply(new.delta(since: old))
        #expect(made == new)
        #expect(new.delta(since: new).isEmpty)
    }

    @Test("a set is the same whatever the order that its records came in")
    func order() {
        let entries = (0..<20 as Range<UInt64>).map { number in
            RecordSet.Entry(key: RecordKey(family: UInt8(number % 3), number: number), bytes: [UInt8(number)])
        }
        let set = RecordSet(unsorted: entries.shuffled())
        #expect(set == RecordSet(unsorted: entries))
        #expect(set.count == 20 && set.byteCount == 20)
        for entry in entries { #expect(set[entry.key] == entry.bytes) }
        #expect(set[RecordKey(family: 3)] == nil && set[RecordKey(family: 0, number: 1)] == nil)
        #expect(set.family(1).map(\.key.number) == [1, 4, 7, 10, 13, 16, 19])
        #expect(set.family(7).isEmpty)
    }

    @Test("of what a delta changes twice, the later counts")
    func twice() {
        let key = RecordKey(family: 1, number: 5)
        var delta = RecordDelta()
        delta.changed = [RecordDelta.Change(key: key, bytes: [1]), RecordDelta.Change(key: key, bytes: [2])]
        delta.removed = [key]
        var set = RecordSet()
        for _ in 0..<2 {
            set.apply(delta)
            #expect(set.count == 1 && set[key] == [2])
        }
    }
}
