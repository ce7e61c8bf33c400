import CGuestEntry
import Glibc
import GuestMemory
import Volumes

/// The volumes that do not lie where the guest knows them, as mounts: each hides what this host has in its place.
///
/// A mount is found by the directory that it is in and its name there, and left by its own directory, as the kernel
/// does it; so it makes no difference which links or descriptors led there. Where a directory above a volume is not on
/// this host, one that is empty and has no name stands in for it.
final class GuestMounts: Sendable {
    struct Mount: Sendable {
        let parent: HostDirectory
        let parentIdentity: HostDirectory.Identity
        let name: [UInt8]
        let directory: HostDirectory
        let identity: HostDirectory.Identity
        /// Absolute, without links.
        let guestPath: [UInt8]
        /// As the host's kernel shows it; nil for a stand-in.
        let hostPath: [UInt8]?
    }

    let root: HostDirectory
    /// /proc and its device; nil where there is none.
    let procIdentity: HostDirectory.Identity?
    private let mounts: [Mount]

    /// Nil where every volume lies where the guest knows it.
    convenience init?(_ volumes: [VolumePlace], report: (String) -> Void) {
        let moved = volumes.filter { $0.guestPath != $0.hostPath }
        if moved.isEmpty { return nil }
        self.init(mounting: moved, report: report)
    }

    private init?(mounting volumes: [VolumePlace], report: (String) -> Void) {
        guard case .success(let root) = HostDirectory.open([UInt8(ascii: "/")]) else { return nil }
        self.root = root
        switch HostDirectory.open(Array("/proc".utf8)) {
        case .success(let proc): procIdentity = proc.identity
        case .failure(let error):
            // For want of descriptors: without it a path could lead to the supervisor's.
            guard error.errno == ENOENT else { return nil }
            procIdentity = nil
        }
        var builder = Builder(root: root)
        for volume in volumes { builder.add(volume, report) }
        mounts = builder.mounts
    }

    /// None: for a path that the host must not follow. Nil where the root cannot be opened, for want of descriptors.
    convenience init?() {
        self.init(mounting: [], report: { _ in })
    }

    /// What it holds open.
    var hostDescriptors: [Int32] {
        ([root] + mounts.flatMap { [$0.parent, $0.directory] }).map(\.hostFD).filter { $0 >= 0 }
    }

    // MARK: - Looking up

    /// What hides a name in a directory.
    func find(_ name: ArraySlice<UInt8>, in directory: HostDirectory) -> Mount? {
        guard mounts.contains(where: { name.elementsEqual($0.name) }), let identity = directory.identity else {
            return nil
        }
        return mounts.first { $0.parentIdentity == identity && name.elementsEqual($0.name) }
    }

    /// The mount whose own directory this is.
    func find(root directory: HostDirectory) -> Mount? {
        guard let identity = directory.identity else { return nil }
        return mounts.first { $0.identity == identity }
    }

    // MARK: - The way back

    /// A path as the host's kernel shows it (d_path), as the guest knows it.
    func guestPath(ofHostPath path: [UInt8]) -> [UInt8] {
        for mount in mounts {
            guard let hostPath = mount.hostPath, path.starts(with: hostPath) else { continue }
            let rest = path[hostPath.count...]
            if rest.isEmpty || rest.first == UInt8(ascii: "/") || rest.elementsEqual(GuestMounts.deleted) {
                return mount.guestPath + rest
            }
        }
        return path
    }

    /// What a stand-in is called, which on the host has no name.
    func guestPath(ofStandIn directory: HostDirectory) -> [UInt8]? {
        guard let mount = find(root: directory), mount.hostPath == nil else { return nil }
        return mount.guestPath
    }

    /// What d_path puts behind the path of what has been removed.
    static let deleted = Array(" (deleted)".utf8)
}

extension GuestMounts {
    /// Finds out what the volumes' guest paths come to on this host.
    private struct Builder {
        let root: HostDirectory
        var mounts: [Mount] = []
        /// Directories above volumes, by their guest paths.
        private var above: [[UInt8]: HostDirectory] = [:]

        init(root: HostDirectory) {
            self.root = root
        }

        mutating func add(_ volume: VolumePlace, _ report: (String) -> Void) {
            let names = Array(volume.guestPath.utf8).split(separator: UInt8(ascii: "/"))
            guard let last = names.last else { return report("/ cannot be a volume of a guest's here") }
            var path: [UInt8] = []
            var parent = root
            for name in names.dropLast() {
                path += [UInt8(ascii: "/")] + name
                guard let next = directory(path, name, in: parent) else {
                    return report("the volume \(volume.guestPath) cannot be shown to the guest: no directory for it")
                }
                parent = next
            }
            path += [UInt8(ascii: "/")] + last
            switch HostDirectory.open(Array(volume.hostPath.utf8)) {
            case .success(let directory):
                let hostPath = HostFile.link(ofDescriptor: directory.hostFD)
                mount(directory, Array(last), in: parent, path, hostPath: hostPath)
            case .failure(let error):
                report("the volume \(volume.guestPath) cannot be entered at \(volume.hostPath): errno \(error.errno)")
                if let empty = Builder.standIn() { mount(empty, Array(last), in: parent, path, hostPath: nil) }
            }
        }

        /// The directory that a guest path above a volume leads to on this host, or what stands in for it.
        private mutating func directory(
            _ path: [UInt8], _ name: ArraySlice<UInt8>, in parent: HostDirectory
        ) -> HostDirectory? {
            if let known = above[path] { return known }
            var found: HostDirectory?
            // Below a stand-in there is nothing of the host's, whatever has the same path.
            let isBelowStandIn = mounts.contains { $0.directory === parent }
            if !isBelowStandIn, case .success(let there) = HostDirectory.open(path) {
                found = there
            } else if let empty = Builder.standIn() {
                mount(empty, Array(name), in: parent, path, hostPath: nil)
                found = empty
            }
            above[path] = found
            return found
        }

        private mutating func mount(
            _ directory: HostDirectory, _ name: [UInt8], in parent: HostDirectory, _ guestPath: [UInt8],
            hostPath: [UInt8]?
        ) {
            guard let identity = directory.identity, let parentIdentity = parent.identity else { return }
            mounts.append(
                Mount(
                    parent: parent, parentIdentity: parentIdentity, name: name, directory: directory,
                    identity: identity, guestPath: guestPath, hostPath: hostPath))
        }

        /// A directory that was removed: empty, and nothing can be made in it.
        private static func standIn() -> HostDirectory? {
            var template = Array("/tmp/understudy-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { return nil }
            chmod(template, 0o755)
            defer { rmdir(template) }
            let path = template.dropLast().map { UInt8(bitPattern: $0) }
            guard case .success(let directory) = HostDirectory.open(path) else { return nil }
            return directory
        }
    }
}
