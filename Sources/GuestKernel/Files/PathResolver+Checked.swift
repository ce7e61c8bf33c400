import CGuestEntry
import Glibc
import GuestMemory

/// Paths of which the host's kernel must not come to a descriptor of the supervisor's: it would by any link to
/// /proc/self/fd, or through "..", where the look at the path's first names has not seen it coming.
extension PathResolver {
    /// Resolves a path for a call that acts on what it leads to. The host is asked first whether there is such a link,
    /// which takes 1 to 2 us: there hardly ever is. `mayBeMissing` where it is nothing unusual that there is nothing:
    /// then a link to a descriptor that only the guest has is not told from others.
    func resolveChecked(
        _ kernel: GuestKernel, directory: UInt64, path: [UInt8], _ options: PathWalkOptions, mayBeMissing: Bool = false
    ) -> Result<ResolvedPath, CallError> {
        let resolved = resolve(kernel, directory: directory, path: path, options)
        guard mounts == nil, case .success(let found) = resolved, found.synthetic == nil,
            PathResolver.mayComeByMagicLink(found, options, mayBeMissing: mayBeMissing)
        else { return resolved }
        return follow(kernel, directory: directory, path: path, options)
    }

    func resolveChecked(
        _ kernel: GuestKernel, directory: UInt64, pathAt address: UInt64, _ options: PathWalkOptions
    ) -> Result<ResolvedPath, CallError> {
        PathResolver.path(at: address).flatMap { resolveChecked(kernel, directory: directory, path: $0, options) }
    }

    /// Resolves a path name by name, without the host.
    func follow(
        _ kernel: GuestKernel, directory: UInt64, path: [UInt8], _ options: PathWalkOptions
    ) -> Result<ResolvedPath, CallError> {
        guard let tree = mounts ?? GuestMounts() else { return .failure(CallError(errno: EMFILE)) }
        return resolve(kernel, directory: directory, path: path, options, tree)
    }

    /// Whether the host follows a link like those in /proc/self/fd on the way to what the path leads to, or (for a
    /// name, and where a last link is not followed) to the directory of its last name; also where it does not say, and,
    /// unless `mayBeMissing`, where it finds nothing: the guest has numbers there that the host does not have.
    private static func mayComeByMagicLink(
        _ resolved: ResolvedPath, _ options: PathWalkOptions, mayBeMissing: Bool
    ) -> Bool {
        var path = resolved.hostPath
        if options.isName || !options.followsLast && path.last != UInt8(ascii: "/") {
            guard let directory = directory(of: path) else { return false }
            path = directory
        }
        let error = errorWithoutMagicLinks(path, at: resolved.hostDirectory)
        if error == ENOENT { return !mayBeMissing }
        // Beside ELOOP: what an older kernel, a container's filter or a full table say of any path.
        return [ELOOP, ENOSYS, EPERM, EMFILE, ENFILE, ENOMEM].contains(error)
    }

    /// A path without its last name; nil where the directory is the one that the path begins at.
    private static func directory(of path: [UInt8]) -> [UInt8]? {
        var path = path
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 else { return nil }
        path.removeSubrange(slash...)
        return path
    }

    /// Why the host does not come to the directory of a path's last name; 0 where it does.
    static func errorOfDirectory(of resolved: ResolvedPath) -> Int32 {
        // With the name of itself: opened as a place alone (O_PATH), a directory need not let anybody search it.
        let place = directory(of: resolved.hostPath).map { $0 + [UInt8(ascii: "/")] } ?? []
        return error(opening: place + [UInt8(ascii: ".")], at: resolved.hostDirectory, resolution: 0)
    }

    /// Why the host does not come to a path's end without following such a link; 0 where it does.
    private static func errorWithoutMagicLinks(_ path: [UInt8], at directory: Int32) -> Int32 {
        error(opening: path, at: directory, resolution: PathWalkOptions.withoutMagicLinks)
    }

    private static func error(opening path: [UInt8], at directory: Int32, resolution: UInt64) -> Int32 {
        let how = OpenCalls.OpenHow(
            flags: UInt64(OpenCalls.pathOnly | O_CLOEXEC), mode: 0, resolution: resolution)
        let opened = HostFile.withPath(path) { path in
            retryingInterrupts { HostFile.open(path, how, at: directory) }
        }
        if opened < 0 { return Int32(-opened) }
        hostCall(__NR_close, UInt64(opened))
        return 0
    }

    /// Whether a path is a link to nothing on the host: it may be to a descriptor that only the guest has.
    static func isDangling(_ resolved: ResolvedPath) -> Bool {
        HostFile.link(resolved.hostPath, at: resolved.hostDirectory) != nil
    }

    /// Whether the host can be told not to follow links like those in /proc/self/fd: some containers' filters refuse
    /// openat2(2).
    static let hostRefusesMagicLinks: Bool = {
        let error = errorWithoutMagicLinks([UInt8(ascii: "/")], at: AT_FDCWD)
        return error != ENOSYS && error != EPERM
    }()
}
