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
        guard hasMagicLinks(directory) else { return .link(target) }
        if options.isConfined || options.refusesMagicLinks { return failure(-Int(ELOOP)) }
        let followed = open(path, at: directory, 0)
        return followed < 0 ? failure(followed) : .directory(HostDirectory(owning: Int32(followed)))
    }

    func look(at name: ArraySlice<UInt8>, in directory: HostDirectory) -> PathStep<HostDirectory> {
        if let mount = mounts.find(name, in: directory) { return .mount(mount.directory) }
        let path = Array(name)
        guard let target = HostFile.link(path, at: directory.hostFD), !hasMagicLinks(directory) else {
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

    /// Whether the links in a directory are those below /proc whose target says what they are, not where. Those of
    /// /proc itself (self, mounts, net) are like any others; the few elsewhere that are (/proc/asound) the host may
    /// follow as well.
    private func hasMagicLinks(_ directory: HostDirectory) -> Bool {
        guard let proc = mounts.procIdentity, let identity = directory.identity else { return false }
        return identity.device == proc.device && identity != proc
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
        switch SyntheticPath.find(kernel, absolute: path, followsLast: options.followsLast, isFollowedHere: true) {
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
