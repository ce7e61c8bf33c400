/// One entry of the program header table, as the file has it: nothing in it is checked yet (elf(5), Elf64_Phdr).
struct ElfProgramHeader {
    /// PT_*: what the entry is about.
    let type: UInt32
    /// PF_*: the segment's protection.
    let flags: UInt32
    /// p_offset: where the segment's bytes start in the file.
    let fileOffset: UInt64
    /// p_vaddr: where the segment starts in memory, before a position-independent program is moved.
    let virtualAddress: UInt64
    /// p_filesz: bytes of it in the file.
    let fileByteCount: UInt64
    /// p_memsz: bytes of it in memory; zeros after those from the file.
    let memoryByteCount: UInt64
    /// p_align: what the segment's addresses are congruent by; 0 and 1 mean nothing.
    let alignment: UInt64

    /// Bytes in an Elf64_Phdr.
    static let byteCount = 56

    static let typeLoad: UInt32 = 1
    static let typeInterpreter: UInt32 = 3
    static let typeGnuStack: UInt32 = 0x6474_e551

    static let flagExecute: UInt32 = 1
    static let flagWrite: UInt32 = 2
    static let flagRead: UInt32 = 4

    /// Reads entry `index` of a table, or gives nil where it does not end inside the bytes.
    init?(index: Int, table: ByteReader) {
        let start = index * Self.byteCount
        guard
            let type = table.uint32(at: start), let flags = table.uint32(at: start + 4),
            let fileOffset = table.uint64(at: start + 8), let virtualAddress = table.uint64(at: start + 16),
            let fileByteCount = table.uint64(at: start + 32), let memoryByteCount = table.uint64(at: start + 40),
            let alignment = table.uint64(at: start + 48)
        else { return nil }
        self.type = type
        self.flags = flags
        self.fileOffset = fileOffset
        self.virtualAddress = virtualAddress
        self.fileByteCount = fileByteCount
        self.memoryByteCount = memoryByteCount
        self.alignment = alignment
    }
}
