/// The fields of a 64-bit ELF file's first 64 bytes that loading needs, checked (elf(5), Elf64_Ehdr).
struct ElfHeader: Equatable, Sendable {
    let kind: ElfFile.Kind
    /// e_entry, as the file has it.
    let entry: UInt64
    let programHeaderTable: ElfFile.ProgramHeaderTable

    /// Bytes in an Elf64_Ehdr.
    static let byteCount = 64

    /// Most bytes of program headers that the kernel reads (load_elf_phdrs in fs/binfmt_elf.c).
    static let programHeaderTableByteCountMax = 65_536

    private static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]  // "\u{7f}ELF"

    /// Reads and checks the header.
    ///
    /// Stricter than the kernel in one thing: it never looks at the class and byte order bytes, and takes e_machine's
    /// word for both. We look, since their message is clearer. Like the kernel we pass over e_version, e_ehsize, the
    /// OS ABI, and all about sections.
    ///
    /// - Parameter bytes: the file's first bytes, 64 or more.
    init(parsing bytes: [UInt8]) throws(ElfError) {
        guard bytes.starts(with: Self.magic) else {
            throw ElfError(.notElf, "not an ELF file: it does not start with 0x7f \"ELF\"; name a compiled program")
        }
        let reader = ByteReader(bytes)
        let fields = try Self.checkMachine(reader)
        kind = try Self.kind(type: fields.type)
        entry = fields.entry
        programHeaderTable = try Self.programHeaderTable(reader)
    }

    /// Checks what the file was built for, and gives the two fields read on the way.
    private static func checkMachine(_ reader: ByteReader) throws(ElfError) -> (type: UInt16, entry: UInt64) {
        guard
            let fileClass = reader.uint8(at: 4), let byteOrder = reader.uint8(at: 5),
            let type = reader.uint16(at: 16), let machine = reader.uint16(at: 18),
            let entry = reader.uint64(at: 24), reader.bytes.count >= byteCount
        else {
            throw ElfError(
                .truncated,
                "ELF header is cut off after \(reader.bytes.count) of \(byteCount) bytes; copy the program again")
        }
        if byteOrder != 1 {
            throw ElfError(
                .wrongByteOrder,
                "numbers are not little-endian (EI_DATA at offset 5 is \(byteOrder)); get a build for x86-64")
        }
        if fileClass != 2 {
            throw ElfError(
                .wrongClass,
                "not a 64-bit program (EI_CLASS at offset 4 is \(fileClass), for \(name(ofMachine: machine)));"
                    + " get a 64-bit build for x86-64")
        }
        if machine != 62 {
            throw ElfError(
                .wrongMachine,
                "built for \(name(ofMachine: machine)) (e_machine at offset 18 is \(machine)); get a build for x86-64")
        }
        return (type, entry)
    }

    private static func kind(type: UInt16) throws(ElfError) -> ElfFile.Kind {
        switch type {
        case 2: return .fixed
        case 3: return .positionIndependent
        case 1: throw ElfError(.notExecutable, "an object file (e_type is ET_REL); link it into a program first")
        case 4: throw ElfError(.notExecutable, "a core dump (e_type is ET_CORE); name the program it came from")
        default:
            throw ElfError(
                .notExecutable, "e_type at offset 16 is \(type), neither ET_EXEC nor ET_DYN; name a linked program")
        }
    }

    private static func programHeaderTable(_ reader: ByteReader) throws(ElfError) -> ElfFile.ProgramHeaderTable {
        guard
            let fileOffset = reader.uint64(at: 32), let entryByteCount = reader.uint16(at: 54),
            let count = reader.uint16(at: 56)
        else { throw ElfError(.truncated, "ELF header is cut off; copy the program again") }
        if entryByteCount != ElfProgramHeader.byteCount {
            throw ElfError(
                .badHeader,
                "program headers are \(entryByteCount) bytes each (e_phentsize at offset 54), not "
                    + "\(ElfProgramHeader.byteCount); the file is damaged")
        }
        if count == 0 {
            throw ElfError(.badHeader, "no program headers (e_phnum at offset 56 is 0); link it into a program first")
        }
        let countMax = programHeaderTableByteCountMax / ElfProgramHeader.byteCount
        if Int(count) > countMax {
            throw ElfError(
                .badHeader,
                "\(count) program headers (e_phnum at offset 56), more than the \(countMax) that Linux takes;"
                    + " the file is damaged")
        }
        let table = ElfFile.ProgramHeaderTable(fileOffset: fileOffset, count: Int(count))
        if fileOffset.addingReportingOverflow(table.byteCount).overflow {
            throw ElfError(
                .badHeader,
                "program headers at offset \(fileOffset) (e_phoff at offset 32) wrap around; the file is damaged")
        }
        return table
    }

    /// What people call a machine, by its number (elf(5), linux/elf-em.h).
    private static func name(ofMachine machine: UInt16) -> String {
        switch machine {
        case 2, 18, 43: return "SPARC"
        case 3: return "i386"
        case 8: return "MIPS"
        case 20: return "PowerPC"
        case 21: return "ppc64"
        case 22: return "s390"
        case 40: return "arm"
        case 50: return "ia64"
        case 62: return "x86-64"
        case 183: return "aarch64"
        case 243: return "riscv"
        case 247: return "bpf"
        case 258: return "loongarch"
        default: return "machine \(machine)"
        }
    }
}
