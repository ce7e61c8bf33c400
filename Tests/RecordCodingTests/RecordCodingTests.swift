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
}
