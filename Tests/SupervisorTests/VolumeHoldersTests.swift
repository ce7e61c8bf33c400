import RecordCoding
import Testing
import Volumes

@testable import GuestKernel

/// Which of a guest's processes have a file open, and what they say of it to the first one.
@Suite("files that several processes have open")
struct VolumeHoldersTests {
    private static func process(_ serial: UInt32) -> SharedRecord.StartedProcess {
        SharedRecord.StartedProcess(serial: serial, pid: Int32(serial) + 100, startTicks: 5)
    }

    @Test("without children a file is the first process's alone")
    func alone() {
        var holders = VolumeHolders()
        holders.open(7, by: 0)
        let isLast = holders.close(7, by: 0)
        #expect(isLast && holders.isEmpty)
    }

    @Test("a file is closed by the last who has it, in any order", arguments: [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
    func last(_ order: [UInt32]) {
        var holders = VolumeHolders()
        holders.start(Self.process(1), [7])
        holders.start(Self.process(2), [7])
        var isLast: [Bool] = []
        for serial in order { isLast.append(holders.close(7, by: serial)) }
        #expect(isLast == [false, false, true])
    }

    @Test("what a child has opened is closed with it, unless its own child has it")
    func heirs() {
        var holders = VolumeHolders()
        holders.start(Self.process(1), [])
        holders.open(9, by: 1)
        holders.open(8, by: 1)
        holders.start(Self.process(2), [9])
        let ofFirst = holders.end(1)
        #expect(ofFirst == [8])
        #expect(holders.processes == [Self.process(2)])
        let isClosedAgain = holders.close(9, by: 1)
        let (last, afterwards) = (holders.end(2), holders.end(2))
        #expect(!isClosedAgain && last == [9] && afterwards == [])
        #expect(holders.isEmpty)
    }

    @Test("records read as they were written, one behind the other")
    func records() throws {
        let records = [
            SharedRecord(serial: 0, .started(Self.process(1), [3, 1 << 62])),
            SharedRecord(serial: 1, .operations([.write(.handle(3), offset: 5, [1, 2]), .synchronise])),
            SharedRecord(serial: 1, .ended),
        ]
        let bytes = records.flatMap(\.encoded)
        #expect(try SharedRecord.decode(bytes) == records)
        #expect(throws: RecordError.self) { try SharedRecord.decode(Array(bytes.dropLast())) }
    }
}
