import GuestMemory

/// A program or dynamic linker, read from its headers and checked as far as loading it needs.
///
/// Accepts what Linux runs (fs/binfmt_elf.c) with these exceptions, which no linker makes: segments out of order or
/// over one another, segments that reach past the end of the file, and files that only by e_machine are for x86-64.
/// Where the entry points is not checked further than Linux does: jumping to nowhere is the guest's own fault.
public struct ElfFile: Equatable, Sendable {
    /// Whether the program has a say in where it goes.
    public enum Kind: Equatable, Sendable {
        /// ET_EXEC: only at the addresses in the file.
        case fixed
        /// ET_DYN: anywhere, moved as a whole.
        case positionIndependent
    }

    /// Where the program headers are.
    public struct ProgramHeaderTable: Equatable, Sendable {
        /// Where the first is in the file.
        public let fileOffset: UInt64

        /// How many there are, at least 1: AT_PHNUM.
        public let count: Int

        /// Bytes in one: AT_PHENT.
        public var entryByteCount: Int { ElfProgramHeader.byteCount }

        /// Bytes in all of them, at most 64 KiB.
        public var byteCount: UInt64 { UInt64(count * entryByteCount) }
    }

    /// A run of bytes in the file.
    public struct FilePart: Equatable, Sendable {
        public let offset: UInt64
        public let byteCount: UInt64
    }

    public let kind: Kind

    /// e_entry: where the program starts, before it is moved; AT_ENTRY afterwards.
    public let entry: UInt64

    public let programHeaderTable: ProgramHeaderTable

    /// What is to be in memory, in the order of the file and of addresses; at least one. Empty PT_LOADs are left out.
    public let segments: [ElfSegment]

    /// Where the path of the program's interpreter is, with its closing NUL: 2 to 4096 bytes inside the file.
    ///
    /// Nil for static programs and for dynamic linkers. Read the bytes, then ``interpreterPath(from:)``. Of several
    /// PT_INTERP entries the first counts, as in the kernel.
    public let interpreter: FilePart?

    /// Whether PT_GNU_STACK asks for an executable stack.
    ///
    /// Without that entry a 64-bit program gets none (the table in arch/x86/include/asm/elf.h).
    public let stackIsExecutable: Bool

    /// Where the program headers are in memory, before the program is moved: AT_PHDR; nil where no segment holds them.
    ///
    /// Found by the table's place in the file as the kernel finds it, which does not look at PT_PHDR for this.
    public let programHeaderAddress: UInt64?

    /// From the lowest page of the program to the end of its highest, before it is moved.
    public let loadSpan: AddressRange

    /// The alignment that a position-independent program's place must have: the largest usable one of its segments, at
    /// least a page (maximum_alignment in fs/binfmt_elf.c).
    public var maximumAlignment: UInt64 {
        segments.map(\.alignment).filter { $0.nonzeroBitCount == 1 }.reduce(pageSize, max)
    }

    /// How many of a file's first bytes ``init(parsing:fileByteCount:limits:)`` needs to see.
    ///
    /// - Parameter firstBytes: the file's first 64 bytes; more are ignored.
    public static func requiredHeaderByteCount(of firstBytes: [UInt8]) throws(ElfError) -> UInt64 {
        let table = try ElfHeader(parsing: firstBytes).programHeaderTable
        // Cannot wrap: the header's own checks saw to that.
        return max(UInt64(ElfHeader.byteCount), table.fileOffset + table.byteCount)
    }

    /// Where a file's program headers are, to read just these.
    ///
    /// - Parameter firstBytes: the file's first 64 bytes; more are ignored.
    public static func programHeaderTable(of firstBytes: [UInt8]) throws(ElfError) -> ProgramHeaderTable {
        try ElfHeader(parsing: firstBytes).programHeaderTable
    }

    /// Reads a program from the first bytes of its file.
    ///
    /// - Parameters:
    ///   - bytes: the file's first bytes, up to the end of the program headers
    ///     (``requiredHeaderByteCount(of:)``) or further.
    ///   - fileByteCount: the size of the whole file.
    ///   - limits: the addresses that belong to the guest.
    public init(parsing bytes: [UInt8], fileByteCount: UInt64, limits: AddressRange) throws(ElfError) {
        let required = try Self.requiredHeaderByteCount(of: bytes)
        guard required <= UInt64(bytes.count) else {
            throw ElfError(
                .truncated,
                "program headers end at file offset \(required), but only \(bytes.count) bytes were read of"
                    + " \(fileByteCount); read that far, or copy the program again")
        }
        let table = try ElfHeader(parsing: bytes).programHeaderTable
        // Fits an Int, as the table ends inside the bytes.
        let tableStart = Int(table.fileOffset)
        let tableBytes = bytes[tableStart..<(tableStart + Int(table.byteCount))]
        try self.init(header: bytes, programHeaders: Array(tableBytes), fileByteCount: fileByteCount, limits: limits)
    }

    /// Reads a program from the two parts of its file that describe it, which may lie far apart.
    ///
    /// - Parameters:
    ///   - header: the file's first 64 bytes; more are ignored.
    ///   - programHeaders: the bytes of ``programHeaderTable(of:)``; more are ignored.
    ///   - fileByteCount: the size of the whole file.
    ///   - limits: the addresses that belong to the guest.
    public init(
        header: [UInt8], programHeaders: [UInt8], fileByteCount: UInt64, limits: AddressRange
    ) throws(ElfError) {
        let header = try ElfHeader(parsing: header)
        let entries = try Self.entries(header.programHeaderTable, in: programHeaders, fileByteCount: fileByteCount)
        let segments = try Self.segments(entries, fileByteCount: fileByteCount)
        let span = try Self.loadSpan(of: segments)
        try Self.checkPlace(of: span, segments: segments, kind: header.kind, limits: limits)

        kind = header.kind
        entry = header.entry
        programHeaderTable = header.programHeaderTable
        self.segments = segments
        loadSpan = span
        interpreter = try Self.interpreter(entries, fileByteCount: fileByteCount)
        stackIsExecutable = Self.stackIsExecutable(entries)
        programHeaderAddress = Self.address(ofFileOffset: header.programHeaderTable.fileOffset, in: segments)
        try checkEntry(limits: limits)
    }
}
