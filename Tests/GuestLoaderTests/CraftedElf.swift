import GuestLoader
import GuestMemory

/// An ELF file put together field by field, so that each field can be wrong by itself.
struct CraftedElf {
    struct Entry {
        var type: UInt32 = 1
        var flags: UInt32 = 5
        var offset: UInt64 = 0
        var address: UInt64 = 0
        var fileByteCount: UInt64 = 0
        var memoryByteCount: UInt64 = 0
        var alignment: UInt64 = 0x1000
    }

    var fileClass: UInt8 = 2
    var byteOrder: UInt8 = 1
    var type: UInt16 = 2
    var machine: UInt16 = 62
    var entry: UInt64 = 0x40_1000
    var tableOffset: UInt64 = 64
    var entryByteCount: UInt16 = 56
    var entryCount: UInt16?
    var entries: [Entry] = []
    var fileByteCount: UInt64 = 0x8000

    /// The guest's addresses in these tests.
    static let limits = AddressRange(start: 0x1_0000, end: 0x2000_0000_0000)

    /// A static program at fixed addresses: headers and text, then data with some bss.
    static var fixed: CraftedElf {
        var elf = CraftedElf()
        elf.entries = [
            Entry(flags: 4, offset: 0, address: 0x40_0000, fileByteCount: 0x400, memoryByteCount: 0x400),
            Entry(flags: 5, offset: 0x1000, address: 0x40_1000, fileByteCount: 0x2345, memoryByteCount: 0x2345),
            Entry(flags: 6, offset: 0x4e10, address: 0x40_5e10, fileByteCount: 0x200, memoryByteCount: 0x3000),
            Entry(type: 0x6474_e551, flags: 6, alignment: 16),
        ]
        return elf
    }

    /// The same as a position-independent program with a dynamic linker.
    static var positionIndependent: CraftedElf {
        var elf = fixed
        elf.type = 3
        elf.entry = 0x1000
        for index in 0..<3 { elf.entries[index].address -= 0x40_0000 }
        elf.entries.insert(
            Entry(type: 6, flags: 4, offset: 64, address: 64, fileByteCount: 6 * 56, memoryByteCount: 6 * 56), at: 0)
        elf.entries.insert(
            Entry(type: 3, flags: 4, offset: 0x300, address: 0x300, fileByteCount: 28, memoryByteCount: 28), at: 1)
        return elf
    }

    /// The header and, where it is said to be, the program header table.
    var bytes: [UInt8] {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, fileClass, byteOrder, 1, 0] + [UInt8](repeating: 0, count: 8)
        bytes += Self.little(type) + Self.little(machine) + Self.little(UInt32(1))
        bytes += Self.little(entry) + Self.little(tableOffset) + Self.little(UInt64(0))
        bytes += Self.little(UInt32(0)) + Self.little(UInt16(64)) + Self.little(entryByteCount)
        bytes += Self.little(entryCount ?? UInt16(entries.count)) + [UInt8](repeating: 0, count: 6)
        if tableOffset > 0x1_0000 || tableOffset < 64 { return bytes }
        bytes += [UInt8](repeating: 0, count: Int(tableOffset) - bytes.count)
        return bytes + tableBytes
    }

    /// The program header table by itself.
    var tableBytes: [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += Self.little(entry.type) + Self.little(entry.flags)
            // p_paddr, which nobody looks at, follows p_vaddr.
            for word in [entry.offset, entry.address, entry.address] { bytes += Self.little(word) }
            for word in [entry.fileByteCount, entry.memoryByteCount, entry.alignment] { bytes += Self.little(word) }
        }
        return bytes
    }

    func parse() throws(ElfError) -> ElfFile {
        try ElfFile(parsing: bytes, fileByteCount: fileByteCount, limits: Self.limits)
    }

    static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> Value(8 * $0)) }
    }
}

/// What is wrong with a file that the parser let through, or nil.
func violation(in file: ElfFile, fileByteCount: UInt64, limits: AddressRange) -> String? {
    guard let first = file.segments.first, let last = file.segments.last else { return "there is no segment" }
    for segment in file.segments {
        if segment.memoryByteCount == 0 { return "segment \(segment.index) is empty" }
        if segment.fileByteCount > segment.memoryByteCount { return "segment \(segment.index) is cut short in memory" }
        if !file.loadSpan.contains(segment.pageRange) { return "segment \(segment.index) is outside the span" }
        if !segment.pageRange.contains(segment.memoryRange) { return "segment \(segment.index) is outside its pages" }
        guard let filePages = segment.filePageRange else { continue }
        if !segment.pageRange.contains(filePages) { return "segment \(segment.index)'s file part is outside its pages" }
        if segment.fileOffset + segment.fileByteCount > fileByteCount { return "segment \(segment.index) is cut off" }
        if segment.fileOffset % pageSize != segment.virtualAddress % pageSize {
            return "segment \(segment.index) cannot be mapped"
        }
    }
    for (segment, next) in zip(file.segments, file.segments.dropFirst())
    where next.virtualAddress < segment.memoryRange.end {
        return "segments \(segment.index) and \(next.index) are not in order"
    }
    if !file.loadSpan.isPageAligned { return "the span is not page aligned" }
    if file.loadSpan.start != first.pageRange.start || file.loadSpan.end != last.pageRange.end { return "span is off" }
    if file.loadSpan.count > limits.count { return "the span is too large" }
    if file.kind == .fixed, !limits.contains(file.loadSpan) { return "the program is outside the limits" }
    if let address = file.programHeaderAddress, !file.loadSpan.contains(address) { return "AT_PHDR is outside" }
    if let part = file.interpreter, part.byteCount < 2 || part.offset + part.byteCount > fileByteCount {
        return "the interpreter's path is outside the file"
    }
    return nil
}
