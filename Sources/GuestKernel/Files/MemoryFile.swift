import CGuestEntry
import Glibc
import GuestMemory

/// memfd_create(2): a file without a path, whose content only its descriptors can reach.
enum MemoryFile {
    /// NAME_MAX without the kernel's own "memfd:".
    private static let nameByteCountMax = 249
    private static let closeOnExecFlag: UInt64 = 1
    private static let largeFile: Int32 = 0o100000

    /// Whether new shared mappings of a file cannot be written to: F_SEAL_WRITE or F_SEAL_FUTURE_WRITE.
    static func isSealed(_ hostFD: Int32) -> Bool {
        let seals = hostCall(__NR_fcntl, UInt64(signed: hostFD), MemoryFileSeals.get)
        return seals > 0 && seals & MemoryFileSeals.ofWrites != 0
    }

    static func create(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let name: [UInt8]
        do {
            name = try GuestAccess.string(at: arguments.a, limit: nameByteCountMax + 1)
        } catch {
            return failed(error == .fault ? EFAULT : EINVAL)
        }
        let flags = arguments.b & 0xffff_ffff
        switch make(thread.kernel, name: name, path: Array("/memfd:".utf8) + name, flags: flags) {
        case .failure(let error): return failed(error.errno)
        case .success(let file): return thread.kernel.files.add(file, closesOnExec: flags & closeOnExecFlag != 0)
        }
    }

    /// A file in memory that maps show by this path; a memory object where there is a mirror.
    static func make(
        _ kernel: GuestKernel, name: [UInt8], path: [UInt8], flags: UInt64
    ) -> Result<FileDescription, CallError> {
        let hostFD = HostFile.withPath(name) { hostCall(__NR_memfd_create, $0, flags | closeOnExecFlag) }
        if hostFD < 0 { return .failure(CallError(errno: Int32(-hostFD))) }
        var status = stat()
        fstat(Int32(hostFD), &status)
        var record = FileRecord(
            path: path, flags: O_RDWR,
            identity: FileIdentity(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: String(decoding: path, as: UTF8.self)
            ))
        record.isMemory = true
        let number = FileNumber(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        let added = kernel.memory.addMemoryObject(
            Int32(hostFD), number, name: String(decoding: name, as: UTF8.self))
        if added < 0 {
            hostCall(__NR_close, UInt64(hostFD))
            return .failure(CallError(errno: Int32(-added)))
        }
        record.identity?.memoryObject = UInt64(added)
        return .success(
            FileDescription(
                kind: .regular, hostFD: Int32(hostFD), statusFlags: O_RDWR | largeFile, record: .file(record)))
    }
}
