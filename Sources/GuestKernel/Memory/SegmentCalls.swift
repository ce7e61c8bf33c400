import CGuestEntry
import Glibc
import GuestMemory

/// System V memory: shmget(2), shmat(2) and shmdt(2), as ipc/shm.c and ipc/util.c do them.
enum SegmentCalls {
    typealias Segment = SegmentRecord.Segment

    private static let create: Int32 = 0o1000  // IPC_CREAT
    private static let exclusive: Int32 = 0o2000  // IPC_EXCL
    private static let hugePages: Int32 = 0o4000  // SHM_HUGETLB

    // SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC
    private static let readOnly: Int32 = 0o10000
    private static let rounds: Int32 = 0o20000
    private static let replaces: Int32 = 0o40000
    private static let executable: Int32 = 0o100000

    static func get(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        let key = Int32(truncatingIfNeeded: arguments.a)
        let flags = Int32(truncatingIfNeeded: arguments.c)
        kernel.segments.removeUnused(kernel.memory)
        if key == 0 { return make(thread, key, arguments.b, flags) }
        while true {
            if let found = kernel.segments.find(key: key) {
                if flags & create != 0, flags & exclusive != 0 { return failed(EEXIST) }
                if arguments.b > found.byteCount { return failed(EINVAL) }
                return mayUse(found, UInt32(truncatingIfNeeded: flags)) ? Int(found.number) : failed(EACCES)
            }
            if kernel.segments.isInherited {
                // Another process of the guest's may have made it since.
                kernel.reportOnce("a child of the guest's wants System V memory by a key, which is refused")
                return failed(ENOSYS)
            }
            if flags & create == 0 { return failed(ENOENT) }
            let made = make(thread, key, arguments.b, flags)
            // Another thread was faster.
            if made != -Int(EEXIST) { return made }
        }
    }

    private static func make(_ thread: GuestThread, _ key: Int32, _ byteCount: UInt64, _ flags: Int32) -> Int {
        let kernel = thread.kernel
        guard 1...SegmentTable.byteCountMax ~= byteCount else { return failed(EINVAL) }
        if flags & hugePages != 0 { return failed(ENOMEM) }
        let digits = String(UInt32(bitPattern: key), radix: 16)
        let name = "SYSV" + String(repeating: "0", count: 8 - digits.count) + digits
        let made = MemoryFile.make(kernel, name: Array(name.utf8), path: Array("/\(name) (deleted)".utf8), flags: 0)
        guard case .success(let file) = made else { return failed(ENOSPC) }
        // What the host would send SIGXFSZ for.
        if roundUp(byteCount) > kernel.limits.soft(of: ResourceLimits.fileSize) { return failed(ENOMEM) }
        let sized = hostCall(__NR_ftruncate, UInt64(signed: file.hostFD), roundUp(byteCount))
        if sized < 0 { return failed(ENOMEM) }
        let owner = SegmentRecord.Owner(user: geteuid(), group: getegid())
        let segment = Segment(
            number: 0, key: key, file: 0, byteCount: byteCount,
            mode: UInt32(truncatingIfNeeded: flags) & Segment.permissions, owner: owner, creator: owner,
            creatorProcess: kernel.identity.pid, changedSeconds: seconds(kernel))
        guard let number = kernel.segments.add(segment, file) else {
            return failed(kernel.segments.isFull ? ENOSPC : EEXIST)
        }
        return Int(number)
    }

    /// ipcperms: whether the calling process may do what these permission bits, of any of the three kinds, stand for.
    static func mayUse(_ segment: Segment, _ wanted: UInt32) -> Bool {
        let user = geteuid()
        if user == 0 { return true }
        var granted = segment.mode
        if user == segment.owner.user || user == segment.creator.user {
            granted >>= 6
        } else if isInGroup([segment.owner.group, segment.creator.group]) {
            granted >>= 3
        }
        return (wanted >> 6 | wanted >> 3 | wanted) & ~granted & 0o7 == 0
    }

    /// Whether the calling process is in one of these groups.
    private static func isInGroup(_ wanted: [gid_t]) -> Bool {
        if wanted.contains(getegid()) { return true }
        let countMax: Int32 = 65536  // NGROUPS_MAX
        return withUnsafeTemporaryAllocation(of: gid_t.self, capacity: Int(countMax)) { groups in
            groups.prefix(Int(max(0, getgroups(countMax, groups.baseAddress)))).contains { wanted.contains($0) }
        }
    }

    static func seconds(_ kernel: GuestKernel) -> Int64 {
        Int64(kernel.clock.realtimeNanoseconds() / 1_000_000_000)
    }

    // MARK: - Attaching

    static func attach(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let number = Int32(truncatingIfNeeded: arguments.a)
        let flags = Int32(truncatingIfNeeded: arguments.c)
        guard let placement = placement(arguments.b, flags) else { return failed(EINVAL) }
        thread.kernel.segments.removeUnused(thread.kernel.memory)
        let result = thread.kernel.segments.attaching(number) { segment, file in
            attach(thread, segment, file, placement, flags)
        }
        return result ?? failed(EINVAL)
    }

    private static func attach(
        _ thread: GuestThread, _ segment: Segment, _ file: FileDescription, _ placement: MappingRequest.Placement,
        _ flags: Int32
    ) -> Int {
        let kernel = thread.kernel
        guard case .file(let record) = file.record.current, let identity = record.identity else {
            return failed(EINVAL)
        }
        var protection: Protection = [.read]
        var wanted: UInt32 = 0o444
        if flags & readOnly == 0 {
            protection.insert(.write)
            wanted |= 0o222
        }
        if flags & executable != 0 {
            protection.insert(.execute)
            wanted |= 0o111
        }
        guard mayUse(segment, wanted) else { return failed(EACCES) }
        let byteCount = roundUp(segment.byteCount)
        let mapped = MappedFile(
            hostFD: file.hostFD, identity: identity, offset: 0, fileByteCount: byteCount, isShared: true,
            isWritable: flags & readOnly == 0, isRegular: true)
        switch placement {
        case .fixed(let address), .fixedNoReplace(let address):
            if address.addingReportingOverflow(byteCount).overflow { return failed(EINVAL) }
            MemoryCalls.release(thread, address, byteCount)
        default: break
        }
        let address = kernel.memory.map(
            MappingRequest(placement: placement, byteCount: byteCount, protection: protection, source: .file(mapped)))
        // What is there is not replaced unless it is asked for.
        if address < 0 { return address == -Int(EEXIST) ? failed(EINVAL) : address }
        kernel.segments.change(segment.number) { segment in
            segment.attachedSeconds = seconds(kernel)
            segment.lastProcess = kernel.identity.pid
        }
        return address
    }

    /// Nil for EINVAL.
    private static func placement(_ address: UInt64, _ flags: Int32) -> MappingRequest.Placement? {
        var address = address
        if address == 0 { return flags & replaces == 0 ? .anywhere(hint: 0) : nil }
        if address & (pageSize - 1) != 0 {
            if flags & rounds == 0 { return nil }
            address &= ~(pageSize - 1)
            if address == 0, flags & replaces != 0 { return nil }
        }
        return flags & replaces != 0 ? .fixed(address) : .fixedNoReplace(address)
    }

    /// Takes away what is left of the attachment that began at the address: parts of it may have gone before.
    static func detach(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        let start = arguments.a
        guard start & (pageSize - 1) == 0 else { return failed(EINVAL) }
        let found = kernel.memory.areas().lazy.compactMap { area -> (Segment, FileIdentity)? in
            guard area.range.start >= start, area.kind.offset == area.range.start - start,
                let segment = kernel.segments.find(mapped: area), let identity = area.kind.file
            else { return nil }
            return (segment, identity)
        }
        guard let (segment, identity) = found.first else { return failed(EINVAL) }
        MemoryCalls.release(thread, start, segment.byteCount)
        // Another thread may have been faster.
        let result = kernel.memory.detach(identity, at: start, byteCount: segment.byteCount)
        if result < 0 { return result }
        kernel.segments.change(segment.number) { segment in
            segment.detachedSeconds = seconds(kernel)
            segment.lastProcess = kernel.identity.pid
        }
        kernel.segments.removeUnused(kernel.memory)
        return 0
    }
}
