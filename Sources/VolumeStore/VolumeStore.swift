import CGuestEntry
import Glibc
import RecordCoding
public import Volumes

/// The mirror's copy of the guest's volumes, to which it does again what the guest did to them.
///
/// Operations are applied one by one in their order: whenever this process or machine dies, the volumes are what the
/// guest had at some point between two of them, as far as the file system keeps its own promises.
///
/// Sound as unchecked: one thread at a time uses it.
public final class VolumeStore: @unchecked Sendable {
    let roots: [VolumeRoot]
    /// The files that the guest has open, opened here as well.
    var handles: [FileOperation.Handle: Int32] = [:]
    /// The volumes that were changed and not synced since.
    var changed: Set<UInt16> = []
    private let report: @Sendable (String) -> Void
    private let isPrivileged = geteuid() == 0
    private var hasReportedPrivilege = false
    /// How often an owner could not be set.
    public private(set) var unprivilegedCount: UInt64 = 0

    /// - Parameter report: receives one line, without its newline.
    public init(_ places: [VolumePlace], report: @escaping @Sendable (String) -> Void) throws(VolumeError) {
        var roots: [VolumeRoot] = []
        for place in places { roots.append(try VolumeRoot(place)) }
        self.roots = roots
        self.report = report
    }

    deinit {
        for descriptor in handles.values { close(descriptor) }
    }

    public var places: [VolumePlace] { roots.map(\.place) }
    public var hasOpenFiles: Bool { !handles.isEmpty }

    // MARK: - An epoch's operations

    /// Reads an epoch's operations and checks them all. Nothing is changed.
    public func check(_ bytes: [UInt8]) throws(VolumeError) -> VolumeChanges {
        let operations: [FileOperation]
        do {
            operations = try FileOperationList.decode(bytes)
        } catch {
            throw VolumeError("the file operations make no sense")
        }
        return try VolumeChanges(operations, volumeCount: roots.count, open: Set(handles.keys))
    }

    /// Applies what was checked last. Where it throws, the files are not those of any epoch, and never will be.
    public func apply(_ changes: VolumeChanges) throws(VolumeError) {
        for operation in changes.operations {
            do throws(Errno) {
                try applyAsOwner(operation)
            } catch {
                throw VolumeError("cannot \(operation.verb) \(text(operation))", error)
            }
        }
    }

    /// Returns when all that was applied is on the disk.
    public func synchronise() throws(VolumeError) {
        for volume in changed.sorted() {
            let root = roots[Int(volume)]
            do {
                try hostCall(__NR_syncfs, UInt64(signed: root.directory.descriptor))
            } catch {
                throw VolumeError("cannot sync \(root.place.hostPath)", error)
            }
        }
        changed.removeAll()
    }

    /// Gives up the open files, which belong to the caller from now on. They are open for reading and writing.
    public func handOver() -> (places: [VolumePlace], files: [FileOperation.Handle: Int32]) {
        defer { handles = [:] }
        return (places, handles)
    }

    func apply(_ operation: FileOperation) throws(Errno) {
        switch operation {
        case .createFile, .makeDirectory, .makeSymbolicLink, .makeNode, .link, .rename, .removeFile, .removeDirectory:
            try applyToNames(operation)
        case .open(let handle, let path): try open(handle, path)
        case .openNameless(let handle, let volume, let ownership, let mayBeLinked):
            try openNameless(handle, volume, ownership, mayBeLinked: mayBeLinked)
        case .close(let handle):
            if let descriptor = handles.removeValue(forKey: handle) { close(descriptor) }
        case .write, .truncate, .allocate, .setFlags: try applyToContents(operation)
        case .setMode, .setOwner, .setTimes, .setAttribute, .removeAttribute: try applyToAttributes(operation)
        case .synchronise: break
        }
    }

    // MARK: - Privileges

    /// Sets an owner. A mirror that is not root cannot, and goes on: the files are its own then.
    func setOwner(_ descriptor: Int32, user: UInt32, group: UInt32) throws(Errno) {
        try unlessUnprivileged("the owner of files") { () throws(Errno) in
            try FileAttributes.setOwner(descriptor, user: user, group: group)
        }
    }

    /// Does what only root may, or says once that it was left out.
    func unlessUnprivileged(_ what: String, _ body: () throws(Errno) -> Void) throws(Errno) {
        do throws(Errno) {
            try body()
        } catch {
            guard error.code == EPERM, !isPrivileged else { throw error }
            unprivilegedCount += 1
            if hasReportedPrivilege { return }
            hasReportedPrivilege = true
            report("this mirror is not root: \(what) in the volumes stays as it is here")
        }
    }

    // MARK: - Words

    private func text(_ operation: FileOperation) -> String {
        switch operation {
        case .createFile(let path, _), .makeDirectory(let path, _), .makeSymbolicLink(let path, _, _),
            .makeNode(let path, _, _, _), .removeFile(let path), .removeDirectory(let path), .open(_, let path),
            .link(_, let path), .rename(_, let path, _):
            return root(path).text(path)
        case .openNameless(_, let volume, _, _): return roots[Int(volume)].place.hostPath
        default: break
        }
        switch operation.target {
        case .path(let path): return root(path).text(path)
        case .handle(let handle):
            guard let descriptor = handles[handle] else { return "file \(handle)" }
            var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let link = HostPath(descriptor: descriptor)
            let count = path.withUnsafeMutableBytes { path in
                try? hostCall(
                    __NR_readlinkat, UInt64(signed: AT_FDCWD), link.address, UInt64(address: path.baseAddress),
                    UInt64(path.count))
            }
            return String(decoding: path.prefix(count ?? 0), as: UTF8.self)
        case nil: return "a file"
        }
    }

    func root(_ path: VolumePath) -> VolumeRoot { roots[Int(path.volume)] }
}

extension FileOperation {
    /// "cannot … PATH".
    fileprivate var verb: String {
        switch self {
        case .createFile, .makeDirectory, .makeSymbolicLink, .makeNode: return "make"
        case .link: return "make the link"
        case .rename: return "rename to"
        case .removeFile, .removeDirectory: return "remove"
        case .open: return "open"
        case .openNameless: return "make a file without a name in"
        case .close: return "close"
        case .write: return "write to"
        case .truncate, .allocate: return "change the size of"
        case .setMode, .setOwner, .setTimes, .setAttribute, .removeAttribute, .setFlags:
            return "change the attributes of"
        case .synchronise: return "sync"
        }
    }
}
