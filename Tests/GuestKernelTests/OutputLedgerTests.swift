import RecordCoding
import Testing

@testable import GuestKernel

@Suite("the mirror's ledger of held output")
struct OutputLedgerTests {
    private static let places: [OutputPlace] = [
        .nowhere, .outside(2), .outsideFile(1, device: 3, inode: 5), .path(Array("/dev/tty".utf8)),
        .socket(domain: 2, type: 2, networkProtocol: 17),
    ]

    private static let records: [OutputRecord] = [
        OutputRecord(isDatagram: false, position: 3, bytes: [1, 2, 3]),
        OutputRecord(isDatagram: true, position: 6, flags: 4, address: [2, 0, 0, 53], bytes: []),
        OutputRecord(isDatagram: true, position: 7, bytes: [9]),
    ]

    /// As `OutputGate.cut` writes it.
    private static func encoded(_ streams: [(UInt64, OutputPlace, [OutputRecord])]) -> [UInt8] {
        var writer = RecordWriter()
        writer.putAll(streams) { writer, stream in
            writer.put(stream.0)
            stream.1.put(into: &writer)
            if case .outsideFile = stream.1 { writer.put(Int64?.some(-7)) } else { writer.put(Int64?.none) }
            writer.putAll(stream.2) { writer, record in
                let kind: HeldOperation.Kind = record.isDatagram ? .datagram : .bytes
                let payload = record.address + record.bytes
                payload.withUnsafeBytes { payload in
                    let operation = HeldOperation(
                        kind: kind, position: record.position, byteCount: payload.count,
                        addressByteCount: record.address.count, flags: record.flags)
                    OutputRecord.put(operation, skipping: 0, payload: payload.baseAddress, into: &writer)
                }
            }
        }
        return writer.bytes
    }

    private static let epoch = encoded(places.enumerated().map { (UInt64($0.offset) + 1, $0.element, records) })

    private static func released(_ positions: [(UInt64, UInt64)]) -> [UInt8] {
        var writer = RecordWriter()
        writer.putAll(positions) { writer, position in
            writer.put(position.0)
            writer.put(position.1)
        }
        return writer.bytes
    }

    @Test("reads what the gate writes")
    func roundTrip() throws {
        var ledger = OutputLedger()
        try ledger.add(OutputLedgerTests.epoch)
        #expect(ledger.entries.map(\.place) == OutputLedgerTests.places.flatMap { [$0, $0, $0] })
        #expect(ledger.entries.map(\.stream) == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5])
        #expect(ledger.entries.compactMap(\.fileOrigin) == [-7, -7, -7])
        #expect(ledger.entries.prefix(3).map(\.record) == OutputLedgerTests.records)
    }

    @Test("cut short anywhere, it changes nothing")
    func truncation() throws {
        for count in 0..<OutputLedgerTests.epoch.count {
            var ledger = OutputLedger()
            #expect(throws: RecordError.self) { try ledger.add(Array(OutputLedgerTests.epoch.prefix(count))) }
            #expect(ledger.isEmpty)
        }
        let told = OutputLedgerTests.released([(1, 5), (2, 8)])
        for count in 0..<told.count {
            var ledger = OutputLedger()
            try ledger.add(OutputLedgerTests.epoch)
            let before = ledger.entries
            #expect(throws: RecordError.self) { try ledger.markReleased(Array(told.prefix(count))) }
            #expect(ledger.entries == before)
        }
    }

    @Test("damaged anywhere, it is refused or read as something else, and no more")
    func damage() throws {
        for index in OutputLedgerTests.epoch.indices {
            for value in [UInt8(0), 1, 0x7f, 0xff] {
                var bytes = OutputLedgerTests.epoch
                bytes[index] = value
                var ledger = OutputLedger()
                try? ledger.add(bytes)
                try ledger.markReleased(OutputLedgerTests.released((1...4).map { ($0, .max) }))
            }
        }
    }

    @Test("excess is refused")
    func excess() {
        var ledger = OutputLedger()
        #expect(throws: RecordError.hasExcess) { try ledger.add(OutputLedgerTests.epoch + [0]) }
        #expect(throws: RecordError.hasExcess) { try ledger.markReleased(OutputLedgerTests.released([]) + [0]) }
    }

    @Test("positions that go back are refused")
    func order() {
        var ledger = OutputLedger()
        let bytes = OutputLedgerTests.encoded([(1, .outside(1), OutputLedgerTests.records.reversed())])
        #expect(throws: RecordError.isMalformed) { try ledger.add(bytes) }
    }

    @Test("what has gone out is dropped, a part of a write as well")
    func release() throws {
        var ledger = OutputLedger()
        try ledger.add(OutputLedgerTests.epoch)
        try ledger.markReleased(OutputLedgerTests.released([(1, 5), (3, 6), (4, 100), (5, 100), (77, 3)]))
        #expect(ledger.entries.map(\.stream) == [1, 1, 1, 2, 2, 2, 3, 3])
        #expect(ledger.entries[0].record == OutputRecord(isDatagram: false, position: 5, bytes: [3]))
        // Told again, and late.
        try ledger.markReleased(OutputLedgerTests.released([(1, 4), (1, 3)]))
        #expect(ledger.entries.count == 8)
        try ledger.markReleased(OutputLedgerTests.released([(1, 8), (2, 8), (3, 8)]))
        #expect(ledger.isEmpty)
    }
}
