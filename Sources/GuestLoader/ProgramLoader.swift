import CGuestEntry
import Glibc
public import GuestMemory

/// A program in memory, ready for its first instruction.
public struct LoadedProgram: Sendable {
    /// Where the first thread starts: the interpreter's entry, or the program's own.
    public var start: UInt64
    public var stackPointer: UInt64
    public var stack: AddressRange
    /// The executable that was loaded: for a script, its interpreter.
    public var path: String
    public var arguments: [[UInt8]]
    /// Where its vDSO is; nil for none.
    public var vdso: UInt64?
    /// The auxiliary vector's bytes as they lie on the stack.
    public var auxiliaryVector: [UInt8]
}

/// Brings a program into guest memory as execve(2) does: scripts, static, static-PIE and dynamic ELF.
public struct ProgramLoader {
    /// How a program's file is opened: without O_NONBLOCK a FIFO would hold the supervisor up.
    public static let openFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK

    private let memory: AddressSpace
    private let stackByteLimit: UInt64
    private let installVdso: (AddressSpace) -> UInt64?

    /// The stack is mapped at once in full, its pages appear when touched; without a limit it gets this much.
    private static let stackByteCountMax: UInt64 = 1 << 30
    private static let stackByteCountMin: UInt64 = 1 << 20

    /// - Parameters:
    ///   - stackByteLimit: the guest's soft RLIMIT_STACK, `UInt64.max` for none.
    ///   - installVdso: puts a vDSO into the program's memory and says where it is; nil for none.
    public init(
        memory: AddressSpace, stackByteLimit: UInt64, installVdso: @escaping (AddressSpace) -> UInt64? = { _ in nil }
    ) {
        self.installVdso = installVdso
        self.memory = memory
        self.stackByteLimit = stackByteLimit
    }

    /// Loads a program into memory that holds nothing else.
    public func load(_ program: PreparedProgram) throws(ProgramError) -> LoadedProgram {
        let (file, elf) = (program.file, program.elf)
        let stackByteCount = min(max(stackByteLimit, Self.stackByteCountMin), Self.stackByteCountMax)
        guard let stack = memory.mapStack(byteCount: stackByteCount) else {
            throw ProgramError(.noRoom, "\(file.path): no room for a stack of \(stackByteCount) bytes")
        }
        if elf.stackIsExecutable {
            _ = memory.protect(
                stack.start, byteCount: stack.count, [.read, .write, .execute], growsDown: false)
        }
        let bias = try place(elf, file, at: elf.kind == .fixed ? 0 : GuestLayout.executableBase)
        memory.startHeap(at: bias &+ elf.loadSpan.end)
        var start = bias &+ elf.entry
        var interpreterBase: UInt64 = 0
        if let (interpreterFile, interpreterElf) = program.interpreter {
            interpreterBase = try placeInterpreter(interpreterElf, interpreterFile)
            start = interpreterBase &+ interpreterElf.entry
        }
        var vector = AuxiliaryVector(elf, bias: bias, interpreterBase: interpreterBase)
        let vdso = installVdso(memory)
        if let vdso { vector.append(.vdso, vdso) }
        let built = try buildStack(
            file.path, stack,
            InitialStack.Contents(
                arguments: program.arguments, environment: program.environment,
                executablePath: Array(program.path.utf8), randomBytes: randomBytes(), auxiliaryVector: vector))
        let vectorOffset = Int(built.auxiliaryVector.start - built.stackPointer)
        return LoadedProgram(
            start: start, stackPointer: built.stackPointer, stack: stack, path: file.path,
            arguments: program.arguments, vdso: vdso,
            auxiliaryVector: Array(built.bytes[vectorOffset..<(vectorOffset + Int(built.auxiliaryVector.count))]))
    }

    private func buildStack(
        _ path: String, _ stack: AddressRange, _ contents: InitialStack.Contents
    ) throws(ProgramError) -> InitialStack {
        do throws(ElfError) {
            let built = try InitialStack(contents, stackTop: stack.end, stackByteLimit: stackByteLimit)
            guard GuestAccess.storeArray(built.bytes, at: built.stackPointer) else {
                throw ElfError(.argumentListTooLong, "arguments and environment do not fit on the stack")
            }
            return built
        } catch {
            throw ProgramError(.notRunnable, "\(path): \(error.message)", errno: E2BIG)
        }
    }

    private func randomBytes() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    // MARK: - Segments

    private func placeInterpreter(_ elf: ElfFile, _ file: ProgramFile) throws(ProgramError) -> UInt64 {
        if elf.kind == .fixed { return try place(elf, file, at: 0) }
        // Like the kernel: wherever a mapping of its whole size would go.
        let span = MappingRequest(
            placement: .anywhere(hint: 0), byteCount: elf.loadSpan.count, protection: [], source: .anonymous)
        let address = memory.map(span)
        guard address > 0 else { throw noRoom(file, Int32(-address)) }
        return try place(elf, file, at: UInt64(address))
    }

    /// Maps the segments so that the first page of the load span lies at `base` (or at its own
    /// address for a fixed program). Returns what is added to the file's addresses.
    private func place(_ elf: ElfFile, _ file: ProgramFile, at base: UInt64) throws(ProgramError) -> UInt64 {
        let bias = elf.kind == .fixed ? 0 : base &- elf.loadSpan.start
        for segment in elf.segments where segment.memoryByteCount > 0 {
            try map(segment, file, bias: bias)
        }
        return bias
    }

    private func map(_ segment: ElfSegment, _ file: ProgramFile, bias: UInt64) throws(ProgramError) {
        let pages = AddressRange(start: segment.pageRange.start &+ bias, count: segment.pageRange.count)
        var zeroFrom = pages.start
        if let inFile = segment.filePageRange {
            let request = MappingRequest(
                placement: .fixed(inFile.start &+ bias), byteCount: inFile.count, protection: segment.protection,
                source: .file(
                    MappedFile(
                        hostFD: file.hostFD, identity: file.identity, offset: segment.filePageOffset,
                        fileByteCount: file.byteCount, isShared: false, isWritable: false, isRegular: true)))
            let mapped = memory.map(request)
            guard mapped >= 0 else { throw noRoom(file, Int32(-mapped)) }
            zeroFrom = inFile.end &+ bias
            clearTail(segment, bias: bias, upTo: zeroFrom)
        }
        guard zeroFrom < pages.end else { return }
        let request = MappingRequest(
            placement: .fixed(zeroFrom), byteCount: pages.end - zeroFrom, protection: segment.protection,
            source: .anonymous)
        let mapped = memory.map(request)
        guard mapped >= 0 else { throw noRoom(file, Int32(-mapped)) }
    }

    /// The rest of a segment's last file page is zero where the segment is larger than its file part.
    private func clearTail(_ segment: ElfSegment, bias: UInt64, upTo end: UInt64) {
        guard segment.memoryByteCount > segment.fileByteCount, segment.protection.contains(.write) else { return }
        let start = segment.virtualAddress &+ segment.fileByteCount &+ bias
        _ = GuestAccess.fill(start, with: 0, count: Int(end - start))
    }

    private func noRoom(_ file: ProgramFile, _ errno: Int32) -> ProgramError {
        ProgramError(
            .noRoom, "\(file.path): a segment cannot be mapped: \(String(cString: strerror(errno)).lowercased())")
    }
}

extension AuxiliaryVector {
    /// What the kernel tells a new program (create_elf_tables in fs/binfmt_elf.c), without the host's vDSO: its clock
    /// would jump at a takeover.
    init(_ elf: ElfFile, bias: UInt64, interpreterBase: UInt64) {
        self.init()
        append(.hardwareCapabilities, UInt64(getauxval(16)))
        append(.pageByteCount, pageSize)
        append(.clockTicksPerSecond, 100)
        if let headers = elf.programHeaderAddress { append(.programHeaderAddress, headers &+ bias) }
        append(.programHeaderEntryByteCount, UInt64(elf.programHeaderTable.entryByteCount))
        append(.programHeaderCount, UInt64(elf.programHeaderTable.count))
        append(.interpreterBase, interpreterBase)
        append(.flags, 0)
        append(.entry, bias &+ elf.entry)
        append(.realUser, UInt64(getuid()))
        append(.effectiveUser, UInt64(geteuid()))
        append(.realGroup, UInt64(getgid()))
        append(.effectiveGroup, UInt64(getegid()))
        append(.isSecure, 0)
        append(.randomBytes, .randomBytesAddress)
        // Without bit 1, wrgsbase: GS leads rewritten call sites out of the guest. A guest may have it by arch_prctl.
        append(.hardwareCapabilities2, UInt64(getauxval(26)) & ~2)
        append(.executablePath, .executablePathAddress)
        append(.platform, .platformAddress)
        append(.minimumSignalStackByteCount, UInt64(getauxval(51)))
    }
}
