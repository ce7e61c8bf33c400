import GuestMemory

/// A part of a program that is to be in memory: a PT_LOAD entry that has been checked.
///
/// Addresses are the file's own. A position-independent program is moved as a whole, by a multiple of the page size.
public struct ElfSegment: Equatable, Sendable {
    /// Which entry of the program header table it is, counted from 0, for messages.
    public let index: Int

    /// Where the segment starts.
    public let virtualAddress: UInt64

    /// Where its bytes start in the file; as far into a page as the address is, if there are any bytes.
    public let fileOffset: UInt64

    /// Bytes that come from the file; may be 0, never above `memoryByteCount`, and all inside the file.
    public let fileByteCount: UInt64

    /// Bytes in memory, never 0; those after the file's are zeros.
    public let memoryByteCount: UInt64

    /// What its pages allow once loaded.
    public let protection: Protection

    /// The alignment the file asks for, as it stands there: 0, 1 and numbers that are no power of two occur.
    public let alignment: UInt64

    /// The bytes that the segment takes in memory.
    public var memoryRange: AddressRange { AddressRange(start: virtualAddress, count: memoryByteCount) }

    /// The whole pages that it takes in memory.
    public let pageRange: AddressRange

    /// The pages that hold bytes of the file, or nil where none do; in `pageRange`, from its start.
    ///
    /// The file's content goes on to the end of the last page, where the kernel maps it; where `memoryByteCount` is
    /// larger than `fileByteCount` that rest is to be cleared (padzero in fs/binfmt_elf.c).
    public var filePageRange: AddressRange? {
        if fileByteCount == 0 { return nil }
        return AddressRange(start: virtualAddress, count: fileByteCount).roundedOutToPages()
    }

    /// Where the content of `filePageRange` starts in the file.
    public var filePageOffset: UInt64 { roundDownToPage(fileOffset) }

    /// Checks one PT_LOAD entry by itself, as load_elf_binary and elf_load in fs/binfmt_elf.c do.
    ///
    /// - Parameter fileByteCount: the size of the whole file.
    init(_ header: ElfProgramHeader, index: Int, fileByteCount: UInt64) throws(ElfError) {
        self.index = index
        virtualAddress = header.virtualAddress
        fileOffset = header.fileOffset
        self.fileByteCount = header.fileByteCount
        memoryByteCount = header.memoryByteCount
        alignment = header.alignment
        protection = Protection(programHeaderFlags: header.flags)

        let place = "segment \(index) at \(hexadecimal(header.virtualAddress))"
        if header.fileByteCount > header.memoryByteCount {
            throw ElfError(
                .badSegment,
                "\(place) has \(header.fileByteCount) bytes in the file but \(header.memoryByteCount) in memory;"
                    + " the file is damaged")
        }
        guard
            let range = AddressRange(guestStart: header.virtualAddress, count: header.memoryByteCount),
            let pages = range.roundedOutToPages()
        else {
            throw ElfError(
                .badSegment,
                "\(place) with \(hexadecimal(header.memoryByteCount)) bytes wraps around the address space;"
                    + " the file is damaged")
        }
        pageRange = pages
        try Self.checkFilePart(header, place: place, fileByteCount: fileByteCount)
    }

    /// Checks where the segment's bytes are in the file. Without any the offset means nothing: the kernel maps none.
    private static func checkFilePart(
        _ header: ElfProgramHeader, place: String, fileByteCount: UInt64
    ) throws(ElfError) {
        if header.fileByteCount == 0 { return }
        if (header.fileOffset ^ header.virtualAddress) & (pageSize - 1) != 0 {
            throw ElfError(
                .badSegment,
                "\(place) cannot be mapped from file offset \(hexadecimal(header.fileOffset)), which lies elsewhere in"
                    + " its page; link the program for pages of \(pageSize) bytes")
        }
        let (end, isOverflow) = header.fileOffset.addingReportingOverflow(header.fileByteCount)
        if isOverflow || end > fileByteCount {
            throw ElfError(
                .truncated,
                "\(place) takes \(header.fileByteCount) bytes from file offset \(hexadecimal(header.fileOffset)), past"
                    + " the file's end at \(hexadecimal(fileByteCount)); copy the program again")
        }
    }
}

extension Protection {
    /// The protection that a program header's PF_* bits stand for; their order is not that of PROT_*.
    init(programHeaderFlags flags: UInt32) {
        self = []
        if flags & ElfProgramHeader.flagRead != 0 { insert(.read) }
        if flags & ElfProgramHeader.flagWrite != 0 { insert(.write) }
        if flags & ElfProgramHeader.flagExecute != 0 { insert(.execute) }
    }
}
