import Volumes

/// An epoch's file operations that were checked against the files that are open: what is left to fail is the disk.
public struct VolumeChanges: Sendable {
    let operations: [FileOperation]
    /// The files that are open once they are done.
    private let open: Set<FileOperation.Handle>
    /// Whether the guest made sure that something is on the disk.
    public let asksForDurability: Bool

    /// Checks that every operation is about a volume that there is, and a file that is open by then.
    init(_ operations: [FileOperation], volumeCount: Int, open: Set<FileOperation.Handle>) throws(VolumeError) {
        var open = open
        for operation in operations {
            for volume in operation.volumes where volume >= volumeCount {
                throw VolumeError("an operation is about volume \(volume), and there are \(volumeCount)")
            }
            switch operation {
            case .open(let handle, _), .openNameless(let handle, _, _, _):
                guard open.insert(handle).inserted else { throw VolumeError("file \(handle) is opened twice") }
            case .close(let handle):
                guard open.remove(handle) != nil else { throw VolumeError("file \(handle) is closed, and not open") }
            case .makeNode(_, let kind, _, _):
                guard VolumeChanges.nodeKinds.contains(kind) else { throw VolumeError("a file of kind \(kind)") }
            default:
                if let handle = operation.usedHandle, !open.contains(handle) {
                    throw VolumeError("file \(handle) is used, and not open")
                }
            }
        }
        self.operations = operations
        self.open = open
        asksForDurability = operations.contains(.synchronise)
    }

    /// Throws unless all of these files will be open.
    public func requireOpen(_ handles: Set<FileOperation.Handle>) throws(VolumeError) {
        guard let missing = handles.first(where: { !open.contains($0) }) else { return }
        throw VolumeError("file \(missing) is mapped, and not open")
    }

    /// S_IFIFO, S_IFCHR, S_IFBLK, S_IFSOCK.
    private static let nodeKinds: Set<UInt32> = [0o010000, 0o020000, 0o060000, 0o140000]
}

extension FileOperation {
    /// The file or path of an operation on one target.
    var target: Target? {
        switch self {
        case .write(let target, _, _), .truncate(let target, _), .allocate(let target, _, _, _),
            .setMode(let target, _), .setOwner(let target, _, _), .setTimes(let target, _),
            .setAttribute(let target, _, _), .removeAttribute(let target, _), .setFlags(let target, _),
            .link(let target, _):
            return target
        default: return nil
        }
    }

    fileprivate var usedHandle: Handle? {
        if case .handle(let handle) = target { return handle }
        return nil
    }

    /// The names that it is about.
    var paths: [VolumePath] {
        var paths: [VolumePath] = []
        if case .path(let path) = target { paths.append(path) }
        switch self {
        case .createFile(let path, _), .makeDirectory(let path, _), .makeSymbolicLink(let path, _, _),
            .makeNode(let path, _, _, _), .removeFile(let path), .removeDirectory(let path), .open(_, let path),
            .link(_, let path):
            paths.append(path)
        case .rename(let from, let to, _): paths += [from, to]
        default: break
        }
        return paths
    }

    fileprivate var volumes: [UInt16] {
        if case .openNameless(_, let volume, _, _) = self { return [volume] }
        return paths.map(\.volume)
    }
}
