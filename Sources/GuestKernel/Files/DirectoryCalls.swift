import CGuestEntry
import Glibc
import GuestMemory

/// Listing directories and going into them.
enum DirectoryCalls {
    static func getdents64(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        list(thread, arguments, __NR_getdents64, hasTypeFirst: true)
    }

    /// getdents(2): the type stands in the record's last byte.
    static func getdents(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        list(thread, arguments, __NR_getdents, hasTypeFirst: false)
    }

    private static func list(
        _ thread: GuestThread, _ arguments: SyscallArguments, _ number: Int32, hasTypeFirst: Bool
    ) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard arguments.b < GuestLayout.arenaEnd else { return failed(EFAULT) }
        guard let directory = file.payload as? SpecialDirectory, directory.isListedHere else {
            return listHost(thread, file, arguments, number)
        }
        let limit = Int(min(arguments.c & 0xffff_ffff, UInt64(GuestThread.scratchByteCount)))
        let first = directory.offset
        var index = first
        var records: [UInt8] = []
        for entry in directory.rest(thread.kernel) {
            let record = record(entry, next: index + 1, hasTypeFirst: hasTypeFirst)
            if records.count + record.count > limit { break }
            records += record
            index += 1
        }
        if records.isEmpty { return directory.rest(thread.kernel).isEmpty ? 0 : failed(EINVAL) }
        guard GuestAccess.storeArray(records, at: arguments.b) else { return failed(EFAULT) }
        if index > first { directory.seek(to: index) }
        return records.count
    }

    /// The whole buffer is held where pages are closed: the place in the directory has moved on already when the kernel
    /// finds that it cannot write the last entry's offset (fs/readdir.c), so that the call cannot be made again.
    private static func listHost(
        _ thread: GuestThread, _ file: FileDescription, _ arguments: SyscallArguments, _ number: Int32
    ) -> Int {
        var count = arguments.c & 0xffff_ffff
        if thread.kernel.memory.mayRefuseWrites { count = min(count, UInt64(GuestThread.scratchByteCount)) }
        return thread.writing(arguments.b, Int(count)) {
            hostCall(number, UInt64(signed: file.hostFD), arguments.b, count)
        }
    }

    /// struct linux_dirent64 or linux_dirent (getdents(2)): inode, next offset, length, then type and name.
    private static func record(_ entry: SpecialDirectory.Entry, next: Int, hasTypeFirst: Bool) -> [UInt8] {
        let byteCount = (18 + entry.name.count + 2 + 7) & ~7
        var record: [UInt8] = []
        record.reserveCapacity(byteCount)
        withUnsafeBytes(of: entry.inode) { record += $0 }
        withUnsafeBytes(of: UInt64(next)) { record += $0 }
        withUnsafeBytes(of: UInt16(byteCount)) { record += $0 }
        if hasTypeFirst { record.append(entry.type) }
        record += entry.name
        record += repeatElement(0, count: byteCount - record.count)
        if !hasTypeFirst { record[byteCount - 1] = entry.type }
        return record
    }

    static func lseek(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        if let payload = file.payload {
            if let directory = payload as? SpecialDirectory, directory.isListedHere {
                return seek(directory, Int(bitPattern: UInt(arguments.b)), Int32(truncatingIfNeeded: arguments.c))
            }
            // Reading from the start again is how a file below /proc is asked for its present content.
            if let made = payload as? SyntheticFile, arguments.b == 0, arguments.c == UInt64(SEEK_SET) {
                made.refresh(thread.kernel, file)
            }
        }
        let settled = thread.settleFileBytes(file)
        if settled != 0 { return settled }
        return hostCall(__NR_lseek, UInt64(signed: file.hostFD), arguments.b, arguments.c)
    }

    private static func seek(_ directory: SpecialDirectory, _ offset: Int, _ whence: Int32) -> Int {
        let base: Int
        switch whence {
        case SEEK_SET: base = 0
        case SEEK_CUR: base = directory.offset
        default: return failed(EINVAL)
        }
        let (target, overflow) = base.addingReportingOverflow(offset)
        guard !overflow, target >= 0 else { return failed(EINVAL) }
        if target != directory.offset || target == 0 { directory.seek(to: target) }
        return target
    }

    // MARK: - The working directory

    static func chdir(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        let found = kernel.paths.resolveChecked(
            kernel, directory: UInt64(signed: AT_FDCWD), pathAt: arguments.a, PathWalkOptions())
        return changing(kernel) { enter(found) }
    }

    /// Not while another thread's relative path is looked up for the journal and then acted on.
    private static func changing(_ kernel: GuestKernel, _ enter: () -> Int) -> Int {
        let result = kernel.volumes?.standStill(enter) ?? enter()
        if result == 0 { kernel.paths.workingDirectoryChanged() }
        return result
    }

    /// Enters a guest's path; whoever calls says so to the resolver.
    static func enter(_ kernel: GuestKernel, _ path: [UInt8]) -> Int {
        enter(kernel.paths.resolve(kernel, directory: UInt64(signed: AT_FDCWD), path: path, followsLast: true))
    }

    private static func enter(_ found: Result<ResolvedPath, CallError>) -> Int {
        switch found {
        case .failure(let error): return failed(error.errno)
        case .success(let resolved):
            return withExtendedLifetime(resolved) {
                resolved.hostDirectory == AT_FDCWD ? hostCall(__NR_chdir, resolved.pathAddress) : enter(resolved)
            }
        }
    }

    /// What the host says, as the guest knows it.
    static func getcwd(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.a < GuestLayout.arenaEnd else { return failed(EFAULT) }
        guard thread.kernel.paths.mounts != nil else {
            return thread.writing(arguments.a, Int(min(arguments.b, UInt64(PathResolver.pathByteCountMax)))) {
                hostCall(__NR_getcwd, arguments.a, arguments.b)
            }
        }
        guard let path = thread.kernel.paths.workingDirectory else { return failed(ENOENT) }
        guard UInt64(path.count) < arguments.b else { return failed(ERANGE) }
        return GuestAccess.storeArray(path + [0], at: arguments.a) ? path.count + 1 : failed(EFAULT)
    }

    /// A path that begins at a descriptor: /proc/self/fd/N/below.
    private static func enter(_ resolved: ResolvedPath) -> Int {
        let hostFD = hostCall(
            __NR_openat, UInt64(signed: resolved.hostDirectory), resolved.pathAddress,
            UInt64(UInt32(bitPattern: OpenCalls.pathOnly | O_DIRECTORY | O_CLOEXEC)))
        guard hostFD >= 0 else { return hostFD }
        defer { hostCall(__NR_close, UInt64(hostFD)) }
        return hostCall(__NR_fchdir, UInt64(hostFD))
    }

    static func fchdir(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        return changing(thread.kernel) { hostCall(__NR_fchdir, UInt64(signed: file.hostFD)) }
    }
}
