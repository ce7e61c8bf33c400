import RecordCoding
import TestSupport
import Testing

@testable import GuestMemory

@Suite("layout record")
struct MemoryLayoutRecordTests {
    private static let library = FileIdentity(device: 8, inode: 77, path: "/usr/lib/libc.so.6")
    private static let database = FileIdentity(device: 9, inode: 5, path: "/var/db/é")

    private static var sample: MemoryLayoutRecord {
        func area(
            _ start: UInt64, _ pages: UInt64, _ protection: Protection, _ kind: VirtualMemoryArea.Kind,
            name: String? = nil, flags: VirtualMemoryArea.Flags = []
        ) -> VirtualMemoryArea {
            VirtualMemoryArea(
                range: AddressRange(start: start, count: pages * pageSize), protection: protection, kind: kind,
                name: name, flags: flags)
        }
        return MemoryLayoutRecord(
            areas: [
                area(0x40_0000, 3, [.read, .execute], .privateFile(file: library, offset: 0, isHostMapped: false)),
                area(0x40_3000, 1, [.read], .privateFile(file: library, offset: 0x3000, isHostMapped: true)),
                area(0x60_0000, 2, [.read, .write], .heap),
                area(0x70_0000, 9, [], .anonymous, name: "guard", flags: [.growsDown, .noReserve]),
                area(0x80_0000, 4, [.read, .write], .sharedAnonymous(object: 3, offset: 0x1000), flags: .moved),
                area(0x90_0000, 4, [.read], .sharedFile(file: database, offset: 0x2000, isWritable: false)),
                area(GuestLayout.stackTop - 0x8000, 8, [.read, .write], .stack),
            ],
            heapStart: 0x60_0000, heapEnd: 0x60_1234, mappingTop: 0x1fff_0000_0000, nextSharedObject: 4,
            mappedByteCountPeak: 1 << 30, fileByteCounts: [library: 12_345])
    }

    @Test("comes back as it was written")
    func roundTrip() throws {
        let record = Self.sample
        #expect(try MemoryLayoutRecord(record.bytes) == record)
        #expect(try MemoryLayoutRecord(MemoryLayoutRecord().bytes) == MemoryLayoutRecord())
    }

    @Test("is refused where it ends early, at every byte")
    func truncation() {
        let bytes = Self.sample.bytes
        for count in 0..<bytes.count {
            #expect(throws: RecordError.self) { try MemoryLayoutRecord(Array(bytes[..<count])) }
        }
        #expect(throws: RecordError.hasExcess) { try MemoryLayoutRecord(bytes + [0]) }
    }

    @Test("damaged bytes are refused or make a layout that the map takes", arguments: SeededGenerator.seeds(count: 4))
    func damage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = Self.sample.bytes
        for _ in 0..<4000 {
            var damaged = bytes
            for _ in 0...generator.below(3) { damaged[generator.below(bytes.count)] = UInt8(generator.below(256)) }
            guard let record = try? MemoryLayoutRecord(damaged) else { continue }
            var map = VirtualMemoryMap(limits: GuestLayout.mappable)
            for area in record.areas { map.insert(area) }
            #expect(map.checkInvariants() == nil)
            #expect(map.areas == record.areas)
        }
    }

    @Test("what no address space can be is refused")
    func nonsense() {
        func refuses(_ change: (inout MemoryLayoutRecord) -> Void) -> Bool {
            var record = Self.sample
            change(&record)
            return (try? MemoryLayoutRecord(record.bytes)) == nil
        }
        #expect(refuses { $0.areas.swapAt(0, 2) })
        #expect(refuses { $0.areas[3].range.start = 0x60_1000 })
        #expect(refuses { $0.areas[0].range.start += 1 })
        #expect(refuses { $0.areas[6].range.end = GuestLayout.arenaEnd })
        #expect(refuses { $0.areas[0].range.start = 0x1000 })
        #expect(refuses { $0.areas[5].protection = [.read, .write] })
        #expect(refuses { $0.areas[0].protection = Protection(rawValue: 9) })
        #expect(refuses { $0.areas[0].kind = .privateFile(file: Self.library, offset: 1, isHostMapped: false) })
        #expect(refuses { $0.areas[5].kind = .sharedFile(file: Self.database, offset: .max << 12, isWritable: true) })
        #expect(refuses { $0.heapEnd = 0 })
        #expect(refuses { $0.mappingTop = GuestLayout.arenaEnd })
    }
}
