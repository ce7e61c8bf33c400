import Glibc
import RecordCoding
import Testing

@testable import GuestKernel

@Suite("output that a takeover emits")
struct OutputEmissionTests {
    /// A ledger with one epoch of what was written to the gate's files.
    private static func ledger(_ write: (OutputGate) throws -> Void) throws -> OutputLedger {
        let gate = OutputGate(demand: CheckpointDemand(), clock: GuestClock())
        try write(gate)
        var ledger = OutputLedger()
        try ledger.add(gate.cut(epoch: 1))
        gate.seal()
        return ledger
    }

    private static func put(_ bytes: [UInt8], _ hold: HeldStream?) throws {
        let taken = try #require(hold).put(bytes.count) { place, count in
            bytes.withUnsafeBytes { place.copyMemory(from: $0.baseAddress!, byteCount: count) }
            return count
        }
        try #require(taken == bytes.count)
    }

    /// A pipe to outside that this process has no number of; the kernel's table has a description of the same identity.
    private static func pipe(_ fixture: KernelFixture) throws -> (file: FileDescription, reader: Int32) {
        let ends = try HostObjects.pipe(flags: O_NONBLOCK)
        let file = try fixture.add(.pipe, ends.writer, .outside(OutsideRecord(descriptor: 77)), flags: O_WRONLY)
        return (file, ends.reader)
    }

    @Test("goes to the rebuilt description, once and in order")
    func emits() throws {
        let fixture = try KernelFixture()
        let (file, reader) = try OutputEmissionTests.pipe(fixture)
        var ledger = try OutputEmissionTests.ledger { gate in
            gate.adopt(file)
            try OutputEmissionTests.put([1, 2], file.hold)
            try OutputEmissionTests.put([3], file.hold)
        }
        ledger.emit(into: fixture.kernel)
        #expect(HostObjects.read(reader) == [1, 2, 3])
        #expect(ledger.isEmpty)
        ledger.emit(into: fixture.kernel)
        #expect(HostObjects.read(reader) == nil)
        fixture.kernel.unemitted.wait()
    }

    @Test("what the guest has closed since, and is not here, is nobody's")
    func closed() throws {
        let fixture = try KernelFixture()
        let (file, _) = try OutputEmissionTests.pipe(fixture)
        var ledger = try OutputEmissionTests.ledger { gate in
            gate.adopt(file)
            try OutputEmissionTests.put([1, 2], file.hold)
        }
        fixture.die()
        ledger.emit(into: fixture.kernel)
        #expect(ledger.isEmpty)
    }

    @Test("a reader that does not read gets the rest behind the guest's back")
    func stuckReader() throws {
        let fixture = try KernelFixture()
        let (file, reader) = try OutputEmissionTests.pipe(fixture)
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 3) }
        var ledger = try OutputEmissionTests.ledger { gate in
            gate.adopt(file)
            try OutputEmissionTests.put(bytes, file.hold)
        }
        ledger.emit(into: fixture.kernel)
        #expect(fixture.reports.contains { $0.contains("does not read") })
        var read: [UInt8] = []
        while read.count < bytes.count {
            if let more = HostObjects.read(reader) { read += more } else { usleep(1000) }
        }
        #expect(read == bytes)
        fixture.kernel.unemitted.wait()
    }
}
