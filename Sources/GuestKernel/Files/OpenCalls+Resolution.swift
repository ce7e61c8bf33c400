import Glibc
import GuestMemory

extension OpenCalls {
    // RESOLVE_* (openat2(2)).
    private static let knownResolution: UInt64 = 0x3f
    private static let beneathDirectory: UInt64 = 8 | 0x10

    static func openat2(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let byteCount = arguments.d
        guard byteCount >= 24 else { return failed(EINVAL) }
        guard byteCount <= pageSize else { return failed(E2BIG) }
        guard let how = GuestAccess.load(OpenHow.self, at: arguments.c),
            let rest = GuestAccess.loadArray(UInt8.self, at: arguments.c &+ 24, count: Int(byteCount) - 24)
        else { return failed(EFAULT) }
        guard rest.allSatisfy({ $0 == 0 }) else { return failed(E2BIG) }
        guard how.flags & ~UInt64(valid) == 0, how.resolution & ~knownResolution == 0 else { return failed(EINVAL) }
        let flags = Int32(truncatingIfNeeded: how.flags)
        guard how.mode == 0 || flags & (O_CREAT | temporaryFile) != 0, how.mode & ~0o7777 == 0 else {
            return failed(EINVAL)
        }
        let request = Request(
            directory: arguments.a, path: arguments.b, flags: flags, mode: how.mode, resolution: how.resolution)
        return how.resolution & beneathDirectory == 0 ? open(thread, request) : openBeneath(thread, request)
    }

    /// With RESOLVE_BENEATH or RESOLVE_IN_ROOT an absolute path does not start at the root, so it is for the host to
    /// follow; from the guest's own directories below /proc/self that would lead to the supervisor's files.
    private static func openBeneath(_ thread: GuestThread, _ request: Request) -> Int {
        let path: [UInt8]
        switch PathResolver.path(at: request.path) {
        case .success(let given): path = given
        case .failure(let error): return failed(error.errno)
        }
        var start: FileDescription?
        if Int32(truncatingIfNeeded: request.directory) != AT_FDCWD {
            guard let file = thread.kernel.files.find(request.directory) else { return failed(EBADF) }
            if let place = file.payload as? SpecialDirectory, place.node != nil { return failed(EACCES) }
            start = file
        }
        switch thread.kernel.paths.resolveConfined(thread.kernel, path: path, from: start, request.walkOptions) {
        case .failure(let error): return failed(error.errno)
        case .success(let resolved):
            var request = request
            request.isAgain = thread.takeAgain()
            let opened = openHost(thread, resolved, request)
            return opened < 0 ? opened : finish(thread, Int32(opened), resolved, request)
        }
    }
}
