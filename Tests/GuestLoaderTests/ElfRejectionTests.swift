import GuestLoader
import GuestMemory
import Testing

@Suite("ELF files that cannot run")
struct ElfRejectionTests {
    /// One way to break a file, and what is said about it.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: ElfError.Code
        let words: String
        let file: CraftedElf

        init(
            _ description: String, _ code: ElfError.Code, _ words: String, from elf: CraftedElf = .fixed,
            _ change: (inout CraftedElf) -> Void
        ) {
            testDescription = description
            self.code = code
            self.words = words
            var elf = elf
            change(&elf)
            file = elf
        }
    }

    static let headerCases: [Case] = [
        Case("32 bit", .wrongClass, "i386") {
            $0.fileClass = 1
            $0.machine = 3
        },
        Case("class 0", .wrongClass, "EI_CLASS") { $0.fileClass = 0 },
        Case("big-endian", .wrongByteOrder, "EI_DATA") { $0.byteOrder = 2 },
        Case("aarch64", .wrongMachine, "aarch64") { $0.machine = 183 },
        Case("riscv", .wrongMachine, "riscv") { $0.machine = 243 },
        Case("unknown machine", .wrongMachine, "machine 999") { $0.machine = 999 },
        Case("object file", .notExecutable, "ET_REL") { $0.type = 1 },
        Case("core dump", .notExecutable, "ET_CORE") { $0.type = 4 },
        Case("unknown type", .notExecutable, "65280") { $0.type = 0xff00 },
        Case("entry size", .badHeader, "e_phentsize") { $0.entryByteCount = 32 },
        Case("no entries", .badHeader, "e_phnum") { $0.entryCount = 0 },
        Case("too many entries", .badHeader, "1170") { $0.entryCount = 1171 },
        Case("PN_XNUM", .badHeader, "e_phnum") { $0.entryCount = 0xffff },
        Case("table wraps", .badHeader, "e_phoff") { $0.tableOffset = .max - 10 },
        Case("table past the end", .truncated, "end at file offset") { $0.tableOffset = 1 << 40 },
        Case("table longer than the file", .truncated, "past the file's end") { $0.fileByteCount = 100 },
        Case("entry in the supervisor", .badHeader, "e_entry") { $0.entry = 0x2000_0000_0000 },
    ]

    static let segmentCases: [Case] = [
        Case("nothing to load", .badSegment, "nothing to load") { $0.entries.removeFirst(3) },
        Case("only empty segments", .badSegment, "nothing to load") { $0.entries = [.init()] },
        Case("more bytes in the file", .badSegment, "segment 2") { $0.entries[2].memoryByteCount = 0x1ff },
        Case("wraps around", .badSegment, "segment 2") { $0.entries[2].memoryByteCount = .max - 0x40_0000 },
        Case("last page wraps around", .badSegment, "wraps") {
            $0.entries[2].address = 0xffff_ffff_ffff_fe10
            $0.entries[2].memoryByteCount = 0x1e8
            $0.entries[2].fileByteCount = 1
        },
        Case("offset not congruent", .badSegment, "offset 0x4e11") { $0.entries[2].offset = 0x4e11 },
        Case("past the end of the file", .truncated, "segment 2") { $0.fileByteCount = 0x5000 },
        Case("offset wraps", .truncated, "segment 2") { $0.entries[2].offset = 0xffff_ffff_ffff_fe10 },
        Case("overlap", .segmentsOverlap, "segment 2") { $0.entries[1].memoryByteCount = 0x4e11 },
        Case("same place", .segmentsOverlap, "segment 1") { $0.entries[1].address = 0x40_0000 },
        Case("out of order", .badSegment, "not in order") {
            $0.entries[1].address = 0x30_1000
            $0.entries[1].memoryByteCount = 0x2345
        },
        Case("over the supervisor", .segmentOutsideGuest, "segment 2 at 0x1fffffffee10-0x200000001e10 lies over") {
            $0.entries[2].address = 0x1fff_ffff_ee10
        },
        Case("far above", .segmentOutsideGuest, "over the supervisor") { $0.entries[2].address = 0x7fff_0000_0e10 },
        Case("too low", .segmentOutsideGuest, "outside the guest's addresses") { $0.entries[0].address = 0xf000 },
        Case("at address 0", .segmentOutsideGuest, "outside the guest's addresses") { $0.entries[0].address = 0 },
        Case("larger than the guest", .tooLarge, "0x2", from: .positionIndependent) {
            $0.entries[4].memoryByteCount = 0x2000_0000_0000
        },
        Case("short interpreter", .badInterpreter, "1 bytes", from: .positionIndependent) {
            $0.entries[1].fileByteCount = 1
        },
        Case("long interpreter", .badInterpreter, "4097", from: .positionIndependent) {
            $0.entries[1].fileByteCount = 4097
        },
        Case("interpreter past the end", .truncated, "interpreter", from: .positionIndependent) {
            $0.entries[1].offset = 0x7ff0
        },
        Case("interpreter wraps", .truncated, "interpreter", from: .positionIndependent) {
            $0.entries[1].offset = .max
        },
    ]

    @Test("each is refused with its reason", arguments: headerCases + segmentCases)
    func refused(_ example: Case) throws {
        let error = try #require(throws: ElfError.self) { try example.file.parse() }
        #expect(error.code == example.code)
        #expect(error.message.contains(example.words), "message is: \(error.message)")
    }

    @Test("messages are lower case and name a next step")
    func wording() {
        for example in Self.headerCases + Self.segmentCases {
            guard let message = #expect(throws: ElfError.self, performing: { try example.file.parse() })?.message else {
                continue
            }
            #expect(message.contains(";"), "no next step in: \(message)")
            let isShouting = message.first?.isUppercase == true && !message.hasPrefix("ELF")
            #expect(!isShouting, "starts with a capital: \(message)")
        }
    }

    @Test("what is no ELF file at all")
    func notElf() {
        for bytes in [[], [0x7f], Array("#!/bin/sh\n".utf8), [UInt8](repeating: 0, count: 64)] as [[UInt8]] {
            let error = #expect(throws: ElfError.self) {
                try ElfFile(parsing: bytes, fileByteCount: UInt64(bytes.count), limits: CraftedElf.limits)
            }
            #expect(error?.code == .notElf && error?.errorNumber == 8)
        }
    }

    @Test("fewer table bytes than the header names")
    func shortTable() {
        let elf = CraftedElf.fixed
        let error = #expect(throws: ElfError.self) {
            try ElfFile(
                header: elf.bytes, programHeaders: Array(elf.tableBytes.dropLast()),
                fileByteCount: elf.fileByteCount, limits: CraftedElf.limits)
        }
        #expect(error?.code == .truncated)
    }
}
