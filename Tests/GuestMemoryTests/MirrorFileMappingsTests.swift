import Testing

@testable import GuestMemory

@Suite("files that a mirror has mapped")
struct MirrorFileMappingsTests {
    private let library = FileIdentity(device: 1, inode: 2, path: "/lib/one.so")
    private let other = FileIdentity(device: 1, inode: 3, path: "/lib/other.so")

    private func range(_ start: UInt64, _ end: UInt64) -> AddressRange { AddressRange(start: start, end: end) }

    private func area(_ range: AddressRange, _ file: FileIdentity, _ offset: UInt64) -> VirtualMemoryArea {
        VirtualMemoryArea(
            range: range, protection: [.read], kind: .privateFile(file: file, offset: offset, isHostMapped: true))
    }

    private var mappings: MirrorFileMappings {
        var mappings = MirrorFileMappings()
        mappings.insert(.init(range: range(0x9000, 0xa000), file: other, offset: 0))
        mappings.insert(.init(range: range(0x2000, 0x8000), file: library, offset: 0x1000))
        return mappings
    }

    @Test("an area is mapped where all of it is, by the same file and offset")
    func areas() {
        let mappings = mappings
        #expect(mappings.has(area(range(0x2000, 0x8000), library, 0x1000)))
        #expect(mappings.has(area(range(0x3000, 0x5000), library, 0x2000)))
        #expect(mappings.has(area(range(0x9000, 0xa000), other, 0)))
        #expect(!mappings.has(area(range(0x3000, 0x5000), library, 0x1000)), "another offset")
        #expect(!mappings.has(area(range(0x3000, 0x5000), other, 0x2000)), "another file")
        #expect(!mappings.has(area(range(0x1000, 0x3000), library, 0)), "begins before it")
        #expect(!mappings.has(area(range(0x7000, 0x9000), library, 0x6000)), "ends behind it")
        #expect(!mappings.has(area(range(0xa000, 0xb000), other, 0x1000)))
        #expect(
            !mappings.has(VirtualMemoryArea(range: range(0x2000, 0x8000), protection: [.read], kind: .anonymous)))
    }

    @Test("whole mappings are taken out, lowest first, but for those that stay")
    func removal() {
        var mappings = mappings
        #expect(mappings.remove(overlapping: range(0x8000, 0x9000)) { _ in false }.isEmpty)
        #expect(mappings.remove(overlapping: range(0x7000, 0x9800)) { _ in true }.isEmpty)
        #expect(mappings.entries.count == 2)
        let found = mappings.remove(overlapping: range(0x7000, 0x9800)) { $0.file == other }
        #expect(found.map(\.range) == [range(0x2000, 0x8000)])
        #expect(mappings.entries.map(\.range) == [range(0x9000, 0xa000)])
        #expect(mappings.isFree(range(0, 0x9000)) && !mappings.isFree(range(0, 0x9001)))
        #expect(mappings.remove(overlapping: range(0, .max)) { _ in false }.count == 1)
        #expect(mappings.entries.isEmpty)
    }
}
