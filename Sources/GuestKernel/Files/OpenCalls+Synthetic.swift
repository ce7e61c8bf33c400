import CGuestEntry
import Glibc
import GuestMemory

/// Opening what lies below /proc/self.
extension OpenCalls {
    static func openSynthetic(_ thread: GuestThread, _ resolved: ResolvedPath, _ request: Request) -> Int {
        guard let synthetic = resolved.synthetic else { return failed(ENOENT) }
        let kernel = thread.kernel
        let isForWriting = request.flags & O_ACCMODE != O_RDONLY
        if request.isExclusive { return failed(EEXIST) }
        switch synthetic.node {
        case .refused:
            return failed(EACCES)
        case .selfLink, .threadSelfLink, .executableLink, .workingDirectoryLink:
            return failed(ELOOP)
        case .directory(let directory, let task):
            if isForWriting || request.flags & O_CREAT != 0 { return failed(EISDIR) }
            let opened = openOnce(resolved, request, resolution: 0)
            if opened < 0 { return opened }
            let place = SpecialDirectory(path: synthetic.path, node: (directory, task))
            return add(directoryDescription(Int32(opened), request, place), kernel, request)
        case .descriptor(let file):
            return reopen(thread, file, resolved, request)
        case .file, .descriptorInfo:
            if request.flags & O_DIRECTORY != 0 { return failed(ENOTDIR) }
            if isForWriting, !SyntheticFile.isWritable(synthetic.node) { return failed(EACCES) }
            let made = SyntheticFile.describe(kernel, synthetic, statusFlags: statusFlags(request))
            return add(made, kernel, request)
        }
    }

    private static func statusFlags(_ request: Request) -> Int32 {
        request.flags & ~ofOpenOnly | largeFile
    }

    private static func directoryDescription(
        _ hostFD: Int32, _ request: Request, _ place: SpecialDirectory
    ) -> FileDescription {
        FileDescription(
            kind: .directory, hostFD: hostFD, statusFlags: statusFlags(request),
            record: .file(FileRecord(path: place.path, flags: request.flags)), payload: place)
    }

    private static func add(_ file: FileDescription?, _ kernel: GuestKernel, _ request: Request) -> Int {
        guard let file else { return failed(ENFILE) }
        return kernel.files.add(file, closesOnExec: request.flags & O_CLOEXEC != 0)
    }

    /// /proc/self/fd/N: the object opened once more, as a description of its own.
    private static func reopen(
        _ thread: GuestThread, _ file: FileDescription, _ resolved: ResolvedPath, _ request: Request
    ) -> Int {
        let kernel = thread.kernel
        if !request.followsLast { return failed(ELOOP) }
        if let made = file.payload as? SyntheticFile {
            if request.flags & O_ACCMODE != O_RDONLY { return failed(EACCES) }
            let path = file.openedPath ?? resolved.guestPath
            return add(made.reopened(kernel, path: path, statusFlags: statusFlags(request)), kernel, request)
        }
        var status = stat()
        fstat(file.hostFD, &status)
        let isUnreplicated = kernel.volumes?.isUnreplicated(file.hostFD, status, request) ?? false
        if isUnreplicated, request.flags & O_TRUNC != 0 {
            let settled = thread.settleEverything()
            if settled != 0 { return settled }
        }
        let openAgain = { openOnce(resolved, request, resolution: 0) }
        let opened = kernel.volumes?.openAgain(kernel, file, request, openAgain) ?? openAgain()
        if opened < 0 { return opened }
        if let place = file.payload as? SpecialDirectory, let node = place.node {
            let again = SpecialDirectory(path: place.path, node: node)
            return add(directoryDescription(Int32(opened), request, again), kernel, request)
        }
        let path = ProcDescriptors.link(file, kernel) ?? resolved.guestPath
        let volume = kernel.volumes?.claim(Int32(opened)) ?? file.volume
        let copy = describe(Int32(opened), flags: request.flags, path: path, volume)
        copy.isUnreplicated = isUnreplicated
        switch file.record.withLock({ $0 }) {
        case .pipe(var pipe):
            pipe.isWriteEnd = request.flags & O_ACCMODE != O_RDONLY
            copy.record.withLock { $0 = .pipe(pipe) }
        case .outside(let outside):
            copy.record.withLock { $0 = .outside(outside) }
        default:
            break
        }
        return add(copy, kernel, request)
    }

    // MARK: - Ways there that the path does not show

    enum Finding {
        case ordinary
        case directory(SpecialDirectory)
        case synthetic(ResolvedPath)
        /// The supervisor's alone.
        case refused(CallError)
    }

    /// What was opened lies in procfs, or is a directory from which a path may lead there. A symbolic link or ".."
    /// may have led below the supervisor's /proc/self: then the guest's is opened instead.
    static func lookAtPlace(_ kernel: GuestKernel, _ hostFD: Int32, _ status: stat, _ request: Request) -> Finding {
        guard let path = HostFile.link(ofDescriptor: hostFD), path.first == UInt8(ascii: "/") else { return .ordinary }
        if kernel.paths.landmarks.isInProc(status), !request.wantsPathOnly {
            switch SyntheticPath.find(kernel, absolute: path, followsLast: false) {
            case .success(let found)? where found.synthetic != nil: return .synthetic(found)
            case .failure(let error)?: return .refused(error)
            default: break
            }
        }
        return status.st_mode & S_IFMT == S_IFDIR ? .directory(SpecialDirectory(path: path)) : .ordinary
    }

    /// A link on the way leads to an open descriptor or the like: /var/log/x -> /dev/stdout -> /proc/self/fd/1. It is
    /// the guest's descriptor that is meant, so the path is followed here; a link of another process is the host's.
    static func openThroughLinks(_ thread: GuestThread, _ request: Request) -> Int {
        let paths = thread.kernel.paths
        let path: ResolvedPath
        switch PathResolver.path(at: request.path).flatMap({
            paths.follow(thread.kernel, directory: request.directory, path: $0, request.walkOptions)
        }) {
        case .success(let found): path = found
        case .failure(let error): return failed(error.errno)
        }
        if path.synthetic != nil, !request.wantsPathOnly { return openSynthetic(thread, path, request) }
        let volumes = thread.kernel.volumes
        let opened = openSettled(thread, path, request) { request in
            volumes?.open(thread.kernel, path, request, resolution: 0) ?? openOnce(path, request, resolution: 0)
        }
        return opened < 0 ? opened : finish(thread, Int32(opened), path, request)
    }
}
