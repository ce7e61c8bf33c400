import CGuestEntry
import Glibc
import GuestMemory

/// A file below /proc/self that was opened: a host memfd with the content of then, which the description's host
/// descriptor reads (and cannot write), so that every call on it works as on any file.
final class SyntheticFile: Sendable {
    /// What the content is made of; nil where a takeover has left nothing of it, and the content stays as it is.
    private let node: ProcNode?
    /// The memfd itself, through which the content is replaced.
    private let memoryFD: Int32

    private init(_ node: ProcNode?, memoryFD: Int32) {
        self.node = node
        self.memoryFD = memoryFD
    }

    deinit {
        hostCall(__NR_close, UInt64(signed: memoryFD))
    }

    /// Makes a description for a generated file; nil when the host is out of descriptors.
    static func describe(_ kernel: GuestKernel, _ synthetic: SyntheticPath, statusFlags: Int32) -> FileDescription? {
        guard let content = content(kernel, synthetic.node) else { return nil }
        return describe(
            SyntheticRecord(path: synthetic.path, content: content), synthetic.node, statusFlags: statusFlags,
            identity: FileDescription.nextIdentity())
    }

    /// Makes the description of a record, with the content of then; nil when the host is out of descriptors.
    static func restore(
        _ kernel: GuestKernel, _ record: SyntheticRecord, statusFlags: Int32, identity: UInt64
    ) -> FileDescription? {
        var node: ProcNode?
        if case .success(let found)? = SyntheticPath.find(kernel, absolute: record.path, followsLast: false) {
            node = found.synthetic?.node
        }
        return describe(record, node, statusFlags: statusFlags, identity: identity)
    }

    private static func describe(
        _ record: SyntheticRecord, _ node: ProcNode?, statusFlags: Int32, identity: UInt64
    ) -> FileDescription? {
        guard let memoryFD = OpenCalls.memoryFile(record.content) else { return nil }
        hostCall(__NR_fchmod, UInt64(signed: memoryFD), 0o444)
        let opened = HostFile.open(HostFile.descriptorPath(memoryFD), flags: O_RDONLY)
        guard opened >= 0 else {
            hostCall(__NR_close, UInt64(signed: memoryFD))
            return nil
        }
        return FileDescription(
            kind: .synthetic, hostFD: Int32(opened), statusFlags: statusFlags,
            record: .synthetic(record), payload: SyntheticFile(node, memoryFD: memoryFD), identity: identity)
    }

    private static func content(_ kernel: GuestKernel, _ node: ProcNode) -> [UInt8]? {
        switch node {
        case .file(let file, let task): return file.content(kernel, task)
        case .descriptorInfo(let descriptor, let file):
            return ProcDescriptors.information(kernel, descriptor, file)
        default: return nil
        }
    }

    /// The same file opened once more (/proc/self/fd/N), with the content of now.
    func reopened(_ kernel: GuestKernel, path: [UInt8], statusFlags: Int32) -> FileDescription? {
        guard let node else { return nil }
        return SyntheticFile.describe(kernel, SyntheticPath(node: node, path: path), statusFlags: statusFlags)
    }

    /// Whether an open for writing succeeds: of a thread's name only.
    static func isWritable(_ node: ProcNode) -> Bool {
        if case .file(.comm, _) = node { return true }
        return false
    }

    func refresh(_ kernel: GuestKernel, _ file: FileDescription) {
        guard let node, let content = SyntheticFile.content(kernel, node) else { return }
        content.withUnsafeBytes { bytes in
            hostCall(__NR_ftruncate, UInt64(signed: memoryFD), UInt64(bytes.count))
            hostCall(
                __NR_pwrite64, UInt64(signed: memoryFD), UInt64(address: bytes.baseAddress), UInt64(bytes.count), 0)
        }
        file.record.withLock { record in
            guard case .synthetic(let old) = record else { return }
            record = .synthetic(SyntheticRecord(path: old.path, content: content))
        }
    }

    /// Writes a thread's name, at most 15 bytes of it, as comm_write() in fs/proc/base.c.
    func write(_ file: FileDescription, from address: UInt64, count: Int) -> Int {
        guard file.statusFlags.load(ordering: .relaxed) & O_ACCMODE != O_RDONLY else { return failed(EBADF) }
        guard case .file(.comm, let task)? = node else { return failed(EINVAL) }
        guard let bytes = GuestAccess.loadArray(UInt8.self, at: address, count: min(count, 15)) else {
            return failed(EFAULT)
        }
        task.thread.name = Array(bytes.prefix { $0 != 0 && $0 != UInt8(ascii: "\n") })
        return count
    }
}
