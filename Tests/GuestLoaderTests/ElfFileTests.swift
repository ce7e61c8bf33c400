import GuestLoader
import GuestMemory
import Testing

@Suite("ELF files that run")
struct ElfFileTests {
    @Test("a static program at fixed addresses")
    func fixed() throws {
        let file = try CraftedElf.fixed.parse()
        #expect(file.kind == .fixed && file.entry == 0x40_1000)
        #expect(file.programHeaderTable.count == 4 && file.programHeaderTable.entryByteCount == 56)
        #expect(file.programHeaderAddress == 0x40_0040)
        #expect(file.interpreter == nil && !file.stackIsExecutable)
        #expect(file.loadSpan == AddressRange(start: 0x40_0000, end: 0x40_9000))
        #expect(file.segments.map(\.index) == [0, 1, 2])
        #expect(file.segments.map(\.protection) == [[.read], [.read, .execute], [.read, .write]])
        let data = file.segments[2]
        #expect(data.virtualAddress == 0x40_5e10 && data.fileOffset == 0x4e10)
        #expect(data.fileByteCount == 0x200 && data.memoryByteCount == 0x3000 && data.alignment == 0x1000)
        #expect(data.pageRange == AddressRange(start: 0x40_5000, end: 0x40_9000))
        #expect(data.filePageRange == AddressRange(start: 0x40_5000, end: 0x40_7000))
        #expect(data.filePageOffset == 0x4000)
    }

    @Test("a position-independent program with a dynamic linker")
    func positionIndependent() throws {
        let file = try CraftedElf.positionIndependent.parse()
        #expect(file.kind == .positionIndependent && file.entry == 0x1000)
        #expect(file.programHeaderAddress == 64)
        #expect(file.interpreter?.offset == 0x300 && file.interpreter?.byteCount == 28)
        #expect(file.loadSpan == AddressRange(start: 0, end: 0x9000))
    }

    @Test("alignments that mean nothing are taken, and the largest that does counts")
    func alignments() throws {
        var elf = CraftedElf.positionIndependent
        elf.entries[2].alignment = 0
        elf.entries[3].alignment = 1
        elf.entries[4].alignment = 0x3000
        #expect(try elf.parse().maximumAlignment == pageSize)
        elf.entries[3].alignment = 0x20_0000
        #expect(try elf.parse().maximumAlignment == 0x20_0000)
    }

    @Test("empty segments are passed over, wherever they are")
    func emptySegments() throws {
        var elf = CraftedElf.fixed
        elf.entries.insert(CraftedElf.Entry(address: 0xffff_ffff_ffff_f000), at: 1)
        #expect(try elf.parse().segments.map(\.index) == [0, 2, 3])
    }

    @Test("a segment without bytes in the file may have any offset")
    func onlyZeros() throws {
        var elf = CraftedElf.fixed
        elf.entries[2].fileByteCount = 0
        elf.entries[2].offset = .max
        let segment = try #require(try elf.parse().segments.last)
        #expect(segment.filePageRange == nil && segment.memoryByteCount == 0x3000)
    }

    @Test("two segments may share a page")
    func sharedPage() throws {
        var elf = CraftedElf.fixed
        elf.entries[1].fileByteCount = 0x1000
        elf.entries[1].memoryByteCount = 0x1800
        elf.entries[2].address = 0x40_2e10
        #expect(try elf.parse().loadSpan.end == 0x40_6000)
    }

    @Test("the last PT_GNU_STACK and the first PT_INTERP count")
    func repeatedEntries() throws {
        var elf = CraftedElf.positionIndependent
        elf.entries.append(CraftedElf.Entry(type: 0x6474_e551, flags: 7))
        elf.entries.append(CraftedElf.Entry(type: 3, offset: 0x100, fileByteCount: 1))
        let file = try elf.parse()
        #expect(file.stackIsExecutable)
        #expect(file.interpreter?.offset == 0x300)
    }

    @Test("the entry may point nowhere, as long as it is the guest's")
    func strayEntry() throws {
        var elf = CraftedElf.fixed
        elf.entry = 0
        #expect(try elf.parse().entry == 0)
    }

    @Test("program headers that no segment holds have no address")
    func headersNotLoaded() throws {
        var elf = CraftedElf.fixed
        elf.entries.removeFirst()
        #expect(try elf.parse().programHeaderAddress == nil)
    }

    @Test("headers far into the file can be read by themselves")
    func farHeaders() throws {
        var elf = CraftedElf.fixed
        elf.tableOffset = 0x7000
        let header = Array(elf.bytes.prefix(64))
        #expect(try ElfFile.requiredHeaderByteCount(of: header) == 0x7000 + 4 * 56)
        #expect(try ElfFile.programHeaderTable(of: header).fileOffset == 0x7000)
        let file = try ElfFile(
            header: header, programHeaders: elf.tableBytes, fileByteCount: elf.fileByteCount,
            limits: CraftedElf.limits)
        #expect(try file == elf.parse())
        #expect(throws: ElfError.self) {
            try ElfFile(parsing: header, fileByteCount: elf.fileByteCount, limits: CraftedElf.limits)
        }
    }

    @Test("a table inside the header itself needs no more than the header")
    func tableInsideHeader() throws {
        var elf = CraftedElf.fixed
        elf.tableOffset = 0
        elf.entryCount = 1
        #expect(try ElfFile.requiredHeaderByteCount(of: elf.bytes) == 64)
        // The header read as an entry is no PT_LOAD.
        #expect(throws: ElfError.self) { try elf.parse() }
    }

    @Test("the interpreter's path")
    func interpreterPath() throws {
        #expect(try ElfFile.interpreterPath(from: [0x2f, 0x61, 0]) == [0x2f, 0x61])
        #expect(try ElfFile.interpreterPath(from: [0x2f, 0, 0x61, 0]) == [0x2f])
        for bytes in [[], [0], [0x2f, 0x61], [0, 0], [UInt8](repeating: 0x61, count: 4096) + [0]] as [[UInt8]] {
            #expect(throws: ElfError.self) { try ElfFile.interpreterPath(from: bytes) }
        }
    }
}
