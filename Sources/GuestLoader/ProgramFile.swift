import CGuestEntry
import Glibc
import GuestMemory

/// A program's file, open for reading its headers and mapping its segments.
final class ProgramFile {
    let path: String
    let hostFD: Int32
    let byteCount: UInt64
    let identity: FileIdentity
    /// The first bytes: the ELF header, or a script's line.
    let firstBytes: [UInt8]

    /// - Parameters:
    ///   - purpose: what messages call the file, such as "interpreter".
    ///   - open: gives a host descriptor of a path's file, or a negative errno.
    init(path: String, purpose: String, open: (String) -> Int) throws(ProgramError) {
        self.path = path
        let opened = open(path)
        guard opened >= 0 else {
            throw ProgramFile.openFailure(path, purpose, Int32(-opened))
        }
        hostFD = Int32(opened)
        var status = stat()
        fstat(hostFD, &status)
        byteCount = UInt64(max(0, status.st_size))
        identity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
            path: ProgramFile.pathWithoutLinks(of: hostFD) ?? path)
        guard status.st_mode & S_IFMT == S_IFREG else {
            hostCall(__NR_close, UInt64(signed: hostFD))
            throw ProgramError(.notRunnable, "\(purpose)\(path): not a regular file", errno: EACCES)
        }
        guard access("/proc/self/fd/\(hostFD)", X_OK) == 0 else {
            hostCall(__NR_close, UInt64(signed: hostFD))
            throw ProgramError(.notRunnable, "\(purpose)\(path): not executable; chmod +x may help", errno: EACCES)
        }
        firstBytes = ProgramFile.bytes(of: hostFD, offset: 0, count: 4096) ?? []
    }

    deinit {
        hostCall(__NR_close, UInt64(signed: hostFD))
    }

    /// Fewer bytes than asked for where the file ends; nil where it cannot be read.
    func bytes(offset: UInt64, count: Int) -> [UInt8]? {
        ProgramFile.bytes(of: hostFD, offset: offset, count: count)
    }

    func elf() throws(ProgramError) -> ElfFile {
        do throws(ElfError) {
            let table = try ElfFile.programHeaderTable(of: firstBytes)
            let headers = bytes(offset: table.fileOffset, count: Int(table.byteCount)) ?? []
            return try ElfFile(
                header: firstBytes, programHeaders: headers, fileByteCount: byteCount, limits: GuestLayout.mappable)
        } catch {
            throw ProgramError(.notRunnable, "\(path): \(error.message)")
        }
    }

    private static func bytes(of hostFD: Int32, offset: UInt64, count: Int) -> [UInt8]? {
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            result = retryingInterrupts {
                hostCall(
                    __NR_pread64, UInt64(signed: hostFD), UInt64(address: buffer.baseAddress), UInt64(count), offset)
            }
            initializedCount = max(0, result)
        }
        return result < 0 ? nil : bytes
    }

    /// The path as /proc/self/maps shows it: absolute, and without symbolic links.
    private static func pathWithoutLinks(of hostFD: Int32) -> String? {
        let limit = 4096
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: limit) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink("/proc/self/fd/\(hostFD)", base, limit)
            return count < 1 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private static func openFailure(_ path: String, _ purpose: String, _ errno: Int32) -> ProgramError {
        let reason = String(cString: strerror(errno)).lowercased()
        let isMissing = errno == ENOENT || errno == ENOTDIR
        return ProgramError(isMissing ? .notFound : .notRunnable, "\(purpose)\(path): \(reason)", errno: errno)
    }
}
