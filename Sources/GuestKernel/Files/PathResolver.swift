import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Every path of the guest's goes through here: working directory, descriptors as starting points, /proc/self, which
/// must speak of the guest, and volumes, which may lie elsewhere on this host than where the guest knows them.
///
/// Where all volumes are in their places, the host's kernel follows the path; else `PathWalk` does, and where the host
/// would come to a descriptor of the supervisor's.
final class PathResolver: Sendable {
    static let pathByteCountMax = 4096

    let landmarks = HostLandmarks()
    /// Nil where every volume lies where the guest knows it.
    let mounts: GuestMounts?
    /// Whether relative paths may lead below /proc: the working directory is / or /dev, or lies in /proc.
    private let isInSpecialDirectory = Atomic<Bool>(false)

    init(mounts: GuestMounts? = nil) {
        self.mounts = mounts
        workingDirectoryChanged()
    }

    var isWorkingDirectorySpecial: Bool {
        isInSpecialDirectory.load(ordering: .relaxed)
    }

    func workingDirectoryChanged() {
        var status = stat()
        let isSpecial = stat(".", &status) == 0 && landmarks.isSpecial(status)
        isInSpecialDirectory.store(isSpecial, ordering: .relaxed)
    }

    // MARK: - From the guest's paths

    /// Resolves the path at a guest address, relative to a guest directory descriptor or AT_FDCWD.
    func resolve(
        _ kernel: GuestKernel, directory: UInt64, pathAt address: UInt64, _ options: PathWalkOptions
    ) -> Result<ResolvedPath, CallError> {
        PathResolver.path(at: address).flatMap { resolve(kernel, directory: directory, path: $0, options) }
    }

    static func path(at address: UInt64) -> Result<[UInt8], CallError> {
        do {
            return .success(try GuestAccess.string(at: address, limit: pathByteCountMax))
        } catch {
            return .failure(CallError(errno: error == .fault ? EFAULT : ENAMETOOLONG))
        }
    }

    func resolve(
        _ kernel: GuestKernel, directory: UInt64, pathAt address: UInt64, followsLast: Bool
    ) -> Result<ResolvedPath, CallError> {
        resolve(kernel, directory: directory, pathAt: address, PathWalkOptions(followsLast: followsLast))
    }

    func resolve(
        _ kernel: GuestKernel, directory: UInt64, path: [UInt8], followsLast: Bool
    ) -> Result<ResolvedPath, CallError> {
        resolve(kernel, directory: directory, path: path, PathWalkOptions(followsLast: followsLast))
    }

    func resolve(
        _ kernel: GuestKernel, directory: UInt64, path: [UInt8], _ options: PathWalkOptions
    ) -> Result<ResolvedPath, CallError> {
        resolve(kernel, directory: directory, path: path, options, mounts)
    }

    /// `mounts` where the path is followed here, and not by the host's kernel.
    func resolve(
        _ kernel: GuestKernel, directory: UInt64, path: [UInt8], _ options: PathWalkOptions, _ mounts: GuestMounts?
    ) -> Result<ResolvedPath, CallError> {
        let isAbsolute = path.first == UInt8(ascii: "/")
        var start: FileDescription?
        if !isAbsolute, Int32(truncatingIfNeeded: directory) != AT_FDCWD {
            guard let file = kernel.files.find(directory) else { return .failure(CallError(errno: EBADF)) }
            start = file
        }
        let synthetic = SyntheticPath.find(
            kernel, path: path, start: start, followsLast: options.followsLast, isFollowedHere: mounts != nil)
        if let mounts {
            switch synthetic {
            case .failure?: return synthetic!
            case .success(let found)?:
                guard let from = found.goesOn else { return .success(found) }
                let rest = found.hostPath
                return walk(kernel, mounts, rest.isEmpty ? [UInt8(ascii: ".")] : rest, from: from, options)
            case nil: break
            }
            let from = start.map { ResolvedPath.Start.descriptor($0) } ?? (isAbsolute ? .root : .workingDirectory)
            let isShownAsGiven = self.mounts != nil
            return walk(
                kernel, mounts, path, from: from, options,
                guestPath: isShownAsGiven ? guestPath(path, from: start) : nil)
        }
        if let synthetic { return synthetic }
        return .success(unresolved(path, from: start))
    }

    /// A path that may not lead out of where it starts (RESOLVE_BENEATH, RESOLVE_IN_ROOT): not even to /proc/self.
    func resolveConfined(
        _ kernel: GuestKernel, path: [UInt8], from start: FileDescription?, _ options: PathWalkOptions
    ) -> Result<ResolvedPath, CallError> {
        guard let mounts else { return .success(unresolved(path, from: start)) }
        let from = start.map { ResolvedPath.Start.descriptor($0) } ?? .workingDirectory
        return walk(kernel, mounts, path, from: from, options, guestPath: guestPath(path, from: start))
    }

    /// For the host's kernel to follow.
    private func unresolved(_ path: [UInt8], from start: FileDescription?) -> ResolvedPath {
        ResolvedPath(
            hostDirectory: start?.hostFD ?? AT_FDCWD, directory: start, hostPath: path,
            guestPath: guestPath(path, from: start))
    }

    private func guestPath(_ path: [UInt8], from start: FileDescription?) -> [UInt8] {
        guard path.first != UInt8(ascii: "/"), let above = start?.openedPath else { return path }
        return path.isEmpty ? above : above + [UInt8(ascii: "/")] + path
    }

    /// `guestPath` is the path as the guest sees it; nil where that has to be told by where it leads.
    private func walk(
        _ kernel: GuestKernel, _ mounts: GuestMounts, _ path: [UInt8], from start: ResolvedPath.Start,
        _ options: PathWalkOptions, guestPath: [UInt8]? = nil
    ) -> Result<ResolvedPath, CallError> {
        let directory: HostDirectory
        switch start {
        case .root: directory = mounts.root
        case .workingDirectory: directory = HostDirectory()
        case .descriptor(let file): directory = HostDirectory(of: file)
        }
        if path.isEmpty {
            // AT_EMPTY_PATH.
            return .success(ResolvedPath(directory, name: [], guestPath: guestPath ?? []))
        }
        let tree = HostTree(kernel: kernel, mounts: mounts, options: options)
        switch PathWalk.follow(path, from: directory, in: tree, options) {
        case .failure(let error): return .failure(error)
        case .success(.special(let found)): return .success(found)
        case .success(.place(let place, let name)):
            let shown = guestPath ?? self.guestPath(of: name, in: place)
            return .success(ResolvedPath(place, name: name, guestPath: shown))
        }
    }

    /// The path of a name in a directory; of what is not reachable by one, the name.
    private func guestPath(of name: [UInt8], in place: HostDirectory) -> [UInt8] {
        let found = place.hostFD == AT_FDCWD ? workingDirectory : guestPath(ofDescriptor: place.hostFD)
        guard let above = found, above.first == UInt8(ascii: "/") else { return name }
        if name == [UInt8(ascii: ".")] { return above }
        return (above.count == 1 ? [] : above) + [UInt8(ascii: "/")] + name
    }

    // MARK: - The way back

    /// A path that the host's kernel has given, as the guest knows it.
    func guestPath(ofHostPath path: [UInt8]) -> [UInt8] {
        mounts?.guestPath(ofHostPath: path) ?? path
    }

    /// What the guest is to be told that lies behind a host descriptor: a path, or the like of "pipe:[12]".
    func guestPath(ofDescriptor hostFD: Int32) -> [UInt8]? {
        HostFile.link(ofDescriptor: hostFD).map(guestPath(ofHostPath:))
    }

    /// The working directory; nil when it has been removed.
    var workingDirectory: [UInt8]? {
        HostFile.workingDirectory().map(guestPath(ofHostPath:))
    }
}
