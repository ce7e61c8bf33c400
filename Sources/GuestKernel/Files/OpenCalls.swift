import CGuestEntry
import Glibc
import GuestMemory

/// open and what makes a descriptor from a path.
enum OpenCalls {
    private static let largeFile: Int32 = 0o100000
    /// Flags that are used up by the open itself and do not show in F_GETFL.
    private static let ofOpenOnly: Int32 = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC

    static func open(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        open(thread, directory: UInt64(signed: AT_FDCWD), path: arguments.a, flags: arguments.b, mode: arguments.c)
    }

    static func openat(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        open(thread, directory: arguments.a, path: arguments.b, flags: arguments.c, mode: arguments.d)
    }

    static func creat(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        open(
            thread, directory: UInt64(signed: AT_FDCWD), path: arguments.a,
            flags: UInt64(O_CREAT | O_WRONLY | O_TRUNC), mode: arguments.b)
    }

    private static func open(
        _ thread: GuestThread, directory: UInt64, path: UInt64, flags: UInt64, mode: UInt64
    ) -> Int {
        let flags = Int32(truncatingIfNeeded: flags)
        let kernel = thread.kernel
        let resolved: ResolvedPath
        switch kernel.paths.resolve(kernel, directory: directory, pathAt: path, followsLast: flags & O_NOFOLLOW == 0)
        {
        case .success(let found): resolved = found
        case .failure(let error): return failed(error.errno)
        }
        if let synthetic = resolved.synthetic { return openSynthetic(thread, synthetic, resolved, flags) }
        let opened = openHost(thread, resolved, flags, mode)
        if opened < 0 { return opened }
        let file = describe(Int32(opened), flags: flags, path: resolved.guestPath)
        return kernel.files.add(file, closesOnExec: flags & O_CLOEXEC != 0)
    }

    /// A FIFO's open waits for its other end: it is opened without blocking, which for a writer
    /// says ENXIO until there is a reader, and for a reader succeeds at once.
    private static func openHost(_ thread: GuestThread, _ resolved: ResolvedPath, _ flags: Int32, _ mode: UInt64) -> Int {
        let hostFlags = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        var pauseNanoseconds: UInt64 = 100_000
        while true {
            let result = withExtendedLifetime(resolved) {
                retryingInterrupts {
                    hostCall(
                        __NR_openat, UInt64(signed: resolved.hostDirectory), resolved.pathAddress,
                        UInt64(UInt32(bitPattern: hostFlags)), mode)
                }
            }
            let isWaiting = result == -Int(ENXIO) && flags & O_ACCMODE == O_WRONLY && flags & O_NONBLOCK == 0
            if !isWaiting { return result }
            guard thread.prepareToSleep() else { return Restart.system }
            _ = thread.sleepUntilWoken(deadlineNanoseconds: thread.kernel.clock.deadline(after: pauseNanoseconds))
            pauseNanoseconds = min(pauseNanoseconds * 2, 10_000_000)
        }
    }

    /// Makes the description for a host descriptor that a path was opened as.
    static func describe(_ hostFD: Int32, flags: Int32, path: [UInt8]) -> FileDescription {
        var status = stat()
        fstat(hostFD, &status)
        let kind = kind(of: status, hostFD)
        if kind == .regular || kind == .directory, flags & O_NONBLOCK == 0 {
            hostCall(__NR_fcntl, UInt64(signed: hostFD), UInt64(F_SETFL), UInt64(signed: flags & ~ofOpenOnly))
        }
        let identity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: String(decoding: path, as: UTF8.self))
        return FileDescription(
            kind: kind, hostFD: hostFD, statusFlags: flags & ~ofOpenOnly | largeFile,
            record: .file(FileRecord(path: path, flags: flags, identity: identity)))
    }

    static func kind(of status: stat, _ hostFD: Int32) -> FileDescription.Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .regular
        case S_IFDIR: return .directory
        case S_IFIFO: return .pipe
        case S_IFSOCK: return .socket
        case S_IFCHR:
            if isatty(hostFD) != 0 { return .terminal }
            // The memory devices never make anybody wait; other devices may.
            return major(status.st_rdev) == 1 ? .device : .terminal
        default: return .device
        }
    }

    private static func major(_ device: dev_t) -> UInt64 {
        UInt64(device) >> 8 & 0xfff
    }

    private static func openSynthetic(
        _ thread: GuestThread, _ synthetic: SyntheticPath, _ resolved: ResolvedPath, _ flags: Int32
    ) -> Int {
        if flags & O_ACCMODE != O_RDONLY { return failed(EACCES) }
        let content = synthetic.content(thread.kernel)
        guard let hostFD = memoryFile(content) else { return failed(ENFILE) }
        let file = FileDescription(
            kind: .synthetic, hostFD: hostFD, statusFlags: flags & ~ofOpenOnly | largeFile,
            record: .synthetic(SyntheticRecord(path: resolved.guestPath, content: content)))
        return thread.kernel.files.add(file, closesOnExec: flags & O_CLOEXEC != 0)
    }

    /// A host memfd with the content, to be read like any file.
    static func memoryFile(_ content: [UInt8]) -> Int32? {
        let name: StaticString = "understudy"
        let hostFD = hostCall(__NR_memfd_create, UInt64(address: name.utf8Start), 1)
        if hostFD < 0 { return nil }
        let written = content.withUnsafeBytes { bytes in
            bytes.isEmpty
                ? 0
                : hostCall(
                    __NR_pwrite64, UInt64(signed: hostFD), UInt64(address: bytes.baseAddress), UInt64(bytes.count), 0)
        }
        guard written == content.count else {
            hostCall(__NR_close, UInt64(signed: hostFD))
            return nil
        }
        return Int32(hostFD)
    }
}
