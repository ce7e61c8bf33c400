import CGuestEntry
import Glibc
import GuestMemory

/// open and what makes a descriptor from a path.
enum OpenCalls {
    /// What open(2), openat2(2) and creat(2) come to.
    struct Request {
        var directory = UInt64(signed: AT_FDCWD)
        /// The path's guest address.
        var path: UInt64
        var flags: Int32
        var mode: UInt64
        /// openat2's RESOLVE_*.
        var resolution: UInt64 = 0
        /// On a mirror: the primary was about to make the file, and may have.
        var isAgain = false

        var wantsPathOnly: Bool { flags & OpenCalls.pathOnly != 0 }
        /// Whether the file is to be made by this call, and no other.
        var isExclusive: Bool { flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL }
        var followsLast: Bool { flags & O_NOFOLLOW == 0 }
        var walkOptions: PathWalkOptions {
            // A name that is to be made, and by this call, is no link.
            let isNew = isExclusive && !wantsPathOnly
            return PathWalkOptions(followsLast: followsLast && !isNew, resolution: resolution)
        }
    }

    static let largeFile: Int32 = 0o100000
    static let pathOnly: Int32 = 0o10000000
    static let temporaryFile: Int32 = 0o20000000
    /// Flags that are used up by the open itself and do not show in F_GETFL.
    static let ofOpenOnly: Int32 = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC
    /// What the kernel knows (VALID_OPEN_FLAGS in include/linux/fcntl.h); open ignores others, openat2 refuses them.
    static let valid: Int32 = 0o37777703
    /// With O_PATH every other flag is ignored (O_PATH_FLAGS).
    private static let withPathOnly: Int32 = pathOnly | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    static func open(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        open(thread, Request(path: arguments.a, flags: knownFlags(arguments.b), mode: arguments.c))
    }

    static func openat(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        open(
            thread,
            Request(
                directory: arguments.a, path: arguments.b, flags: knownFlags(arguments.c), mode: arguments.d))
    }

    static func creat(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        open(thread, Request(path: arguments.a, flags: O_CREAT | O_WRONLY | O_TRUNC, mode: arguments.b))
    }

    private static func knownFlags(_ argument: UInt64) -> Int32 {
        let flags = Int32(truncatingIfNeeded: argument) & valid
        return flags & pathOnly != 0 ? flags & withPathOnly : flags
    }

    static func open(_ thread: GuestThread, _ request: Request) -> Int {
        var request = request
        request.isAgain = thread.takeAgain()
        let kernel = thread.kernel
        let resolved: ResolvedPath
        switch resolve(kernel, request) {
        case .success(let found): resolved = found
        case .failure(let error): return failed(error.errno)
        }
        if resolved.synthetic != nil, !request.wantsPathOnly { return openSynthetic(thread, resolved, request) }
        let opened = openHost(thread, resolved, request)
        if request.resolution == 0 {
            let mayBeGuests =
                opened == -Int(ENOENT) && kernel.paths.mounts == nil && PathResolver.isDangling(resolved)
            if opened == -Int(ELOOP) || mayBeGuests { return openThroughLinks(thread, request) }
        }
        return opened < 0 ? opened : finish(thread, Int32(opened), resolved, request)
    }

    private static func resolve(_ kernel: GuestKernel, _ request: Request) -> Result<ResolvedPath, CallError> {
        PathResolver.path(at: request.path).flatMap { path in
            let (paths, directory, options) = (kernel.paths, request.directory, request.walkOptions)
            if !PathResolver.hostRefusesMagicLinks {
                return paths.follow(kernel, directory: directory, path: path, options)
            }
            // Whether the file may be changed is found out before it is opened.
            if kernel.volumes?.mayChange(request) == true {
                return paths.resolveChecked(kernel, directory: directory, path: path, options, mayBeMissing: true)
            }
            return paths.resolve(kernel, directory: directory, path: path, options)
        }
    }

    /// Gives what was opened its description and number.
    static func finish(
        _ thread: GuestThread, _ hostFD: Int32, _ resolved: ResolvedPath, _ request: Request
    ) -> Int {
        let kernel = thread.kernel
        var status = stat()
        fstat(hostFD, &status)
        if status.st_mode & S_IFMT == S_IFIFO, request.flags & (O_ACCMODE | O_NONBLOCK | pathOnly) == O_RDONLY {
            let interrupted = waitForWriter(thread, hostFD)
            if interrupted != 0 {
                hostCall(__NR_close, UInt64(signed: hostFD))
                return interrupted
            }
        }
        var place: SpecialDirectory?
        if kernel.paths.landmarks.isSpecial(status) {
            switch lookAtPlace(kernel, hostFD, status, request) {
            case .ordinary: break
            case .directory(let found): place = found
            case .refused(let error):
                hostCall(__NR_close, UInt64(signed: hostFD))
                return failed(error.errno)
            case .synthetic(let found):
                hostCall(__NR_close, UInt64(signed: hostFD))
                return openSynthetic(thread, found, request)
            }
        }
        let path = absolute(resolved, kernel)
        let volume = kernel.volumes?.claim(hostFD)
        let file = describe(
            hostFD, status, flags: request.flags, path: path, payload: place, volume, identity: volume?.handle)
        file.isUnreplicated = kernel.volumes?.isUnreplicated(hostFD, status, request) ?? false
        return kernel.files.add(file, closesOnExec: request.flags & O_CLOEXEC != 0)
    }

    /// Makes the description for a host descriptor that a path was opened as.
    static func describe(
        _ hostFD: Int32, flags: Int32, path: [UInt8], _ volume: VolumeFile? = nil
    ) -> FileDescription {
        var status = stat()
        fstat(hostFD, &status)
        return describe(hostFD, status, flags: flags, path: path, payload: nil, volume)
    }

    private static func describe(
        _ hostFD: Int32, _ status: stat, flags: Int32, path: [UInt8], payload: SpecialDirectory?,
        _ volume: VolumeFile?, identity: UInt64? = nil
    ) -> FileDescription {
        let kind = kind(of: status, hostFD)
        let isPathOnly = flags & pathOnly != 0
        if kind == .regular || kind == .directory, flags & O_NONBLOCK == 0, !isPathOnly {
            hostCall(__NR_fcntl, UInt64(signed: hostFD), UInt64(F_SETFL), UInt64(signed: flags & ~ofOpenOnly))
        }
        let fileIdentity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: String(decoding: path, as: UTF8.self),
            volumeHandle: volume?.handle ?? 0)
        let file = FileDescription(
            kind: kind, hostFD: hostFD, statusFlags: flags & ~ofOpenOnly | (isPathOnly ? 0 : largeFile),
            record: .file(FileRecord(path: path, flags: flags, identity: fileIdentity)), payload: payload,
            identity: identity ?? FileDescription.nextIdentity())
        file.volume = volume
        return file
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

    /// The path for the record: a relative one is good only for as long as nobody changes directory.
    static func absolute(_ resolved: ResolvedPath, _ kernel: GuestKernel) -> [UInt8] {
        let path = resolved.guestPath
        guard path.first != UInt8(ascii: "/"), let place = kernel.paths.workingDirectory else { return path }
        return place + [UInt8(ascii: "/")] + path
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
