import GuestMemory

/// The steps of reading a file, each with its checks.
extension ElfFile {
    /// Splits the program header table into its entries.
    static func entries(
        _ table: ProgramHeaderTable, in bytes: [UInt8], fileByteCount: UInt64
    ) throws(ElfError) -> [ElfProgramHeader] {
        // Cannot wrap: the header's own checks saw to that.
        let end = table.fileOffset + table.byteCount
        if end > fileByteCount {
            throw ElfError(
                .truncated,
                "program headers end at file offset \(end), past the file's end at \(fileByteCount);"
                    + " copy the program again")
        }
        let reader = ByteReader(bytes)
        var entries: [ElfProgramHeader] = []
        entries.reserveCapacity(table.count)
        for index in 0..<table.count {
            guard let entry = ElfProgramHeader(index: index, table: reader) else {
                throw ElfError(
                    .truncated,
                    "program header \(index) is cut off: \(bytes.count) of \(table.byteCount) bytes were read;"
                        + " read all of them")
            }
            entries.append(entry)
        }
        return entries
    }

    /// Picks out and checks what is to be in memory.
    static func segments(_ entries: [ElfProgramHeader], fileByteCount: UInt64) throws(ElfError) -> [ElfSegment] {
        var segments: [ElfSegment] = []
        for (index, entry) in entries.enumerated() where entry.type == ElfProgramHeader.typeLoad {
            let segment = try ElfSegment(entry, index: index, fileByteCount: fileByteCount)
            // The kernel maps nothing for an empty one, wherever it lies.
            if segment.memoryByteCount == 0 { continue }
            if let previous = segments.last { try check(segment, after: previous) }
            segments.append(segment)
        }
        return segments
    }

    /// Checks that a segment lies above the one before it, as elf(5) demands.
    ///
    /// The two may share a page: then the later one's content counts for it, as with the kernel's MAP_FIXED.
    private static func check(_ segment: ElfSegment, after previous: ElfSegment) throws(ElfError) {
        if segment.virtualAddress >= previous.memoryRange.end { return }
        let places =
            "segment \(segment.index) at \(segment.memoryRange) and segment \(previous.index) at"
            + " \(previous.memoryRange)"
        if segment.memoryRange.overlaps(previous.memoryRange) {
            throw ElfError(.segmentsOverlap, "\(places) overlap; the file is damaged")
        }
        throw ElfError(.badSegment, "\(places) are not in order of address; link the program with a current linker")
    }

    /// From the lowest page to the end of the highest; fails where nothing is to be loaded.
    static func loadSpan(of segments: [ElfSegment]) throws(ElfError) -> AddressRange {
        guard let first = segments.first, let last = segments.last else {
            throw ElfError(
                .badSegment, "nothing to load: no PT_LOAD segment has any bytes; link it into a program first")
        }
        return AddressRange(start: first.pageRange.start, end: last.pageRange.end)
    }

    /// Checks that the program fits into what the guest has of the address space.
    static func checkPlace(
        of span: AddressRange, segments: [ElfSegment], kind: Kind, limits: AddressRange
    ) throws(ElfError) {
        if kind == .positionIndependent {
            if span.count <= limits.count { return }
            throw ElfError(
                .tooLarge,
                "the program takes \(hexadecimal(span.count)) bytes of addresses, but the guest has"
                    + " \(hexadecimal(limits.count)); the file is damaged, or build it smaller")
        }
        for segment in segments where !limits.contains(segment.pageRange) {
            let place = "segment \(segment.index) at \(segment.memoryRange)"
            if segment.pageRange.end > limits.end {
                throw ElfError(
                    .segmentOutsideGuest,
                    "\(place) lies over the supervisor, which has all from \(hexadecimal(limits.end)) up; link the"
                        + " program for lower addresses or as position-independent (-pie)")
            }
            throw ElfError(
                .segmentOutsideGuest,
                "\(place) lies outside the guest's addresses, which start at \(hexadecimal(limits.start)); link the"
                    + " program for higher addresses or as position-independent (-pie)")
        }
    }

    /// Where the interpreter's path is: the first PT_INTERP, where there is one.
    static func interpreter(_ entries: [ElfProgramHeader], fileByteCount: UInt64) throws(ElfError) -> FilePart? {
        guard let index = entries.firstIndex(where: { $0.type == ElfProgramHeader.typeInterpreter }) else { return nil }
        let part = FilePart(offset: entries[index].fileOffset, byteCount: entries[index].fileByteCount)
        if part.byteCount < 2 || part.byteCount > UInt64(interpreterByteCountMax) {
            throw ElfError(
                .badInterpreter,
                "interpreter path in program header \(index) has \(part.byteCount) bytes, not 2 to"
                    + " \(interpreterByteCountMax); the file is damaged")
        }
        let (end, isOverflow) = part.offset.addingReportingOverflow(part.byteCount)
        if isOverflow || end > fileByteCount {
            throw ElfError(
                .truncated,
                "interpreter path in program header \(index) at file offset \(hexadecimal(part.offset)) reaches past"
                    + " the file's end at \(hexadecimal(fileByteCount)); copy the program again")
        }
        return part
    }

    /// Most bytes of an interpreter's path, its NUL among them: PATH_MAX.
    public static let interpreterByteCountMax = 4096

    /// The interpreter's path out of the bytes of ``interpreter``.
    ///
    /// The last byte must be NUL; an earlier one ends the path, as in the kernel's open_exec.
    ///
    /// - Returns: the path without NUL; never empty.
    public static func interpreterPath(from bytes: [UInt8]) throws(ElfError) -> [UInt8] {
        guard bytes.count >= 2, bytes.count <= interpreterByteCountMax, bytes.last == 0 else {
            throw ElfError(
                .badInterpreter,
                "interpreter path of \(bytes.count) bytes does not end with a zero byte; the file is damaged")
        }
        let path = Array(bytes.prefix { $0 != 0 })
        if path.isEmpty { throw ElfError(.badInterpreter, "interpreter path is empty; the file is damaged") }
        return path
    }

    /// What PT_GNU_STACK says; the last one counts, as in the kernel.
    static func stackIsExecutable(_ entries: [ElfProgramHeader]) -> Bool {
        guard let entry = entries.last(where: { $0.type == ElfProgramHeader.typeGnuStack }) else { return false }
        return entry.flags & ElfProgramHeader.flagExecute != 0
    }

    /// Where a byte of the file gets to in memory; of several places the last counts, as in the kernel.
    static func address(ofFileOffset offset: UInt64, in segments: [ElfSegment]) -> UInt64? {
        for segment in segments.reversed() where offset >= segment.fileOffset {
            let distance = offset - segment.fileOffset
            if distance < segment.fileByteCount { return segment.virtualAddress + distance }
        }
        return nil
    }

    /// Checks the entry as far as the kernel does: what starts there, and not in an interpreter, must be below the top.
    func checkEntry(limits: AddressRange) throws(ElfError) {
        if interpreter != nil || entry < limits.end { return }
        throw ElfError(
            .badHeader,
            "entry \(hexadecimal(entry)) (e_entry at offset 24) is not below the guest's last address"
                + " \(hexadecimal(limits.end)); the file is damaged")
    }
}
