import CGuestEntry
import Glibc
import GuestMemory

/// mmap and the calls about addresses.
enum MemoryCalls {
    private static let map32Bit: Int32 = 0x40
    private static let mapFixedNoReplace: Int32 = 0x10_0000
    private static let mapHugePages: Int32 = 0x4_0000
    private static let mapSync: Int32 = 0x8_0000
    private static let mapSharedValidate: Int32 = 3
    private static let growsDown: UInt64 = 0x0100_0000
    private static let growsUp: UInt64 = 0x0200_0000

    static func mmap(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = Int32(truncatingIfNeeded: arguments.d)
        let protection = Protection(rawValue: Int32(truncatingIfNeeded: arguments.c))
        guard arguments.f & 4095 == 0 else { return failed(EINVAL) }
        guard Protection([.read, .write, .execute]).isSuperset(of: protection) else { return failed(EINVAL) }
        let type = flags & 0xf
        guard type == MAP_PRIVATE || type == MAP_SHARED || type == mapSharedValidate else { return failed(EINVAL) }
        if flags & mapSync != 0 { return failed(EOPNOTSUPP) }
        if flags & mapHugePages != 0 { return failed(ENOMEM) }
        let isShared = type != MAP_PRIVATE
        var source = isShared ? MappingRequest.Source.sharedAnonymous : .anonymous
        var held: FileDescription?
        if flags & MAP_ANONYMOUS == 0 {
            guard let file = thread.kernel.files.find(arguments.e) else { return failed(EBADF) }
            switch mappedFile(thread.kernel, file, offset: arguments.f, isShared: isShared, protection) {
            case .success(let mapped): source = .file(mapped)
            case .failure(let error): return failed(error.errno)
            }
            held = file
        }
        var request = MappingRequest(
            placement: placement(arguments.a, flags), byteCount: arguments.b, protection: protection, source: source)
        request.isPopulated = flags & MAP_POPULATE != 0
        // Before the mapping is there: the mirror has the file for as long as it is mapped.
        if let volume = held?.volume { volume.journal.keepMapped(volume) }
        if case .fixed(let address) = request.placement { release(thread, address, request.byteCount) }
        return withExtendedLifetime(held) { thread.kernel.memory.map(request) }
    }

    private static func placement(_ address: UInt64, _ flags: Int32) -> MappingRequest.Placement {
        if flags & mapFixedNoReplace != 0 { return .fixedNoReplace(address) }
        if flags & MAP_FIXED != 0 { return .fixed(address) }
        if flags & map32Bit != 0 { return .low32Bit }
        return .anywhere(hint: address & ~4095)
    }

    private static func mappedFile(
        _ kernel: GuestKernel, _ file: FileDescription, offset: UInt64, isShared: Bool, _ protection: Protection
    ) -> Result<MappedFile, CallError> {
        let access = file.statusFlags.load(ordering: .relaxed) & O_ACCMODE
        if access == O_WRONLY { return .failure(CallError(errno: EACCES)) }
        if isShared, protection.contains(.write), access != O_RDWR { return .failure(CallError(errno: EACCES)) }
        if isShared, protection.contains(.write), file.volume?.journal.isRecording == true {
            // What is stored there could not be recorded. ENODEV, as of a file system without such mappings.
            return .failure(CallError(errno: ENODEV))
        }
        switch file.kind {
        case .regular, .device, .synthetic: break
        default: return .failure(CallError(errno: file.kind == .directory ? ENODEV : EACCES))
        }
        var status = stat()
        guard fstat(file.hostFD, &status) == 0 else { return .failure(CallError(errno: EBADF)) }
        // As the kernel's d_path: without links, and with " (deleted)" where the name is gone.
        let path = kernel.paths.guestPath(ofDescriptor: file.hostFD) ?? []
        var identity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: String(decoding: path, as: UTF8.self),
            volumeHandle: file.volume?.handle ?? 0)
        let object = kernel.memoryObject(
            file, identity.number, path: path, isSharedForWriting: isShared && access == O_RDWR)
        if object < 0 { return .failure(CallError(errno: ENOMEM)) }
        identity.memoryObject = UInt64(object)
        var mapped = MappedFile(
            hostFD: file.hostFD, identity: identity, offset: offset, fileByteCount: UInt64(max(0, status.st_size)),
            isShared: isShared, isWritable: access == O_RDWR && file.volume == nil,
            isRegular: status.st_mode & S_IFMT == S_IFREG)
        // The tracker cannot watch what a seal keeps from being written to, and need not.
        if object > 0, MemoryFile.isSealed(file.hostFD) { mapped.isWritable = false }
        // Whoever maps a file by a descriptor that can write to it may do so. A mirror could not see the change.
        mapped.mayChange = access == O_RDWR && !kernel.configuration.replicates
        return .success(mapped)
    }

    /// Before what the guest has at a place goes away, or becomes its to write to.
    static func release(_ thread: GuestThread, _ address: UInt64, _ byteCount: UInt64) {
        guard let range = AddressRange(guestStart: address, count: byteCount)?.roundedOutToPages() else { return }
        thread.kernel.callSites.restore(in: range, thread)
    }

    static func munmap(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        release(thread, arguments.a, arguments.b)
        return thread.kernel.memory.unmap(arguments.a, byteCount: arguments.b)
    }

    static func mprotect(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.c & growsUp == 0 else { return failed(EINVAL) }
        let bits = Int32(truncatingIfNeeded: arguments.c & ~growsDown)
        let protection = Protection(rawValue: bits)
        guard Protection([.read, .write, .execute]).isSuperset(of: protection) else { return failed(EINVAL) }
        if !protection.contains(.execute) || protection.contains(.write) { release(thread, arguments.a, arguments.b) }
        return thread.kernel.memory.protect(
            arguments.a, byteCount: arguments.b, protection, growsDown: arguments.c & growsDown != 0)
    }

    static func mremap(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        release(thread, arguments.a, arguments.b)
        if RemapFlags(rawValue: arguments.d).contains(.fixed) { release(thread, arguments.e, arguments.c) }
        return thread.kernel.memory.remap(
            arguments.a, oldByteCount: arguments.b, newByteCount: arguments.c,
            flags: RemapFlags(rawValue: arguments.d), newAddress: arguments.e)
    }

    static func madvise(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        if Int32(truncatingIfNeeded: arguments.c) == MADV_DONTNEED { release(thread, arguments.a, arguments.b) }
        return thread.kernel.memory.advise(
            arguments.a, byteCount: arguments.b, advice: Int32(truncatingIfNeeded: arguments.c))
    }

    static func brk(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let limit = thread.kernel.limits.soft(of: ResourceLimits.data)
        return Int(thread.kernel.memory.moveHeapEnd(to: arguments.a, byteCountMax: limit))
    }

    /// msync, mincore, mlock, munlock: the host does them, once holes were looked for, as it sees the
    /// whole arena as mapped.
    static func onMapped(_ number: Int32) -> SyscallHandler {
        { thread, arguments in
            guard arguments.a & 4095 == 0 || number != __NR_mincore else { return failed(EINVAL) }
            guard thread.kernel.memory.isFullyMapped(arguments.a, byteCount: arguments.b) else {
                return failed(ENOMEM)
            }
            if number == __NR_mincore, arguments.c >= GuestLayout.arenaEnd { return failed(EFAULT) }
            // One byte a page.
            return thread.writing(number == __NR_mincore ? arguments.c : 0, Int(arguments.b / pageSize) + 1) {
                hostCall(number, arguments.a, arguments.b, arguments.c)
            }
        }
    }
}
