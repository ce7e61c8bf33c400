import CGuestEntry
import Glibc
import GuestMemory

/// The host's directories with the guest's mounts over them, and the guest's own /proc/self.
struct HostTree: PathTree {
    let kernel: GuestKernel
    let mounts: GuestMounts
    let options: PathWalkOptions

    var root: HostDirectory { mounts.root }

    // MARK: - Down

    func enter(_ name: ArraySlice<UInt8>, of directory: HostDirectory) -> PathStep<HostDirectory> {
        if let mount = mounts.find(name, in: directory) { return .mount(mount.directory) }
        let path = Array(name)
        let opened = open(path, at: directory, O_NOFOLLOW)
        if opened >= 0 { return .directory(HostDirectory(owning: Int32(opened))) }
        // A link is no directory.
        guard opened == -Int(ENOTDIR) || opened == -Int(ELOOP) else { return failure(opened) }
        guard let target = HostFile.link(path, at: directory.hostFD) else { return .other }
        guard isMagic(path, in: directory) else { return .link(target) }
        if options.isConfined || options.refusesMagicLinks { return failure(-Int(ELOOP)) }
        let followed = open(path, at: directory, 0)
        return followed < 0 ? failure(followed) : .directory(HostDirectory(owning: Int32(followed)))
    }

    func look(at name: ArraySlice<UInt8>, in directory: HostDirectory) -> PathStep<HostDirectory> {
        if let mount = mounts.find(name, in: directory) { return .mount(mount.directory) }
        let path = Array(name)
        guard let target = HostFile.link(path, at: directory.hostFD), !isMagic(path, in: directory) else {
            return .other
        }
        return .link(target)
    }

    private func open(_ path: [UInt8], at directory: HostDirectory, _ flags: Int32) -> Int {
        guard options.staysInFileSystem else {
            return HostFile.open(path, flags: HostDirectory.openFlags | flags, at: directory.hostFD)
        }
        let how = OpenCalls.OpenHow(
            flags: UInt64(UInt32(bitPattern: HostDirectory.openFlags | flags)), mode: 0,
            resolution: PathWalkOptions.withinFileSystem)
        return HostFile.withPath(path) { HostFile.open($0, how, at: directory.hostFD) }
    }

    /// Whether a link is one of those below /proc whose target says what it is, not where.
    private func isMagic(_ path: [UInt8], in directory: HostDirectory) -> Bool {
        guard let procDevice = mounts.procIdentity?.device, directory.identity?.device == procDevice else {
            return false
        }
        let how = OpenCalls.OpenHow(
            flags: UInt64(OpenCalls.pathOnly), mode: 0, resolution: PathWalkOptions.withoutMagicLinks)
        let opened = HostFile.withPath(path) { HostFile.open($0, how, at: directory.hostFD) }
        if opened >= 0 { hostCall(__NR_close, UInt64(opened)) }
        return opened == -Int(ELOOP)
    }

    private func failure(_ result: Int) -> PathStep<HostDirectory> {
        .failure(CallError(errno: Int32(-result)))
    }

    // MARK: - Up

    func isMountRoot(_ directory: HostDirectory) -> Bool {
        mounts.find(root: directory) != nil
    }

    func parent(of directory: HostDirectory) -> Result<HostDirectory, CallError> {
        if let mount = mounts.find(root: directory) { return .success(mount.parent) }
        let opened = open([UInt8(ascii: "."), UInt8(ascii: ".")], at: directory, 0)
        if opened < 0 { return .failure(CallError(errno: Int32(-opened))) }
        return .success(HostDirectory(owning: Int32(opened)))
    }

    func isSame(_ one: HostDirectory, _ other: HostDirectory) -> Bool {
        one === other || one.identity == other.identity
    }

    func isSameFileSystem(_ one: HostDirectory, _ other: HostDirectory) -> Bool {
        one.identity?.device == other.identity?.device
    }

    // MARK: - /proc

    func detour(
        at directory: HostDirectory, _ rest: () -> [UInt8]
    ) -> PathDetour<HostDirectory, ResolvedPath>? {
        guard let procIdentity = mounts.procIdentity, directory.identity == procIdentity else { return nil }
        return detour(toAbsolute: Array("/proc/".utf8) + rest())
    }

    /// What the guest's own /proc says of an absolute path.
    func detour(toAbsolute path: [UInt8]) -> PathDetour<HostDirectory, ResolvedPath>? {
        switch SyntheticPath.find(kernel, absolute: path, followsLast: options.followsLast) {
        case nil: return nil
        case .failure(let error): return .failure(error)
        case .success(let found):
            guard let from = found.goesOn else { return .end(found) }
            let rest = found.hostPath
            switch from {
            case .root: return .goOn(root, rest)
            case .workingDirectory: return .goOn(HostDirectory(), rest)
            case .descriptor(let file): return .goOn(HostDirectory(of: file), rest)
            }
        }
    }
}
