import CGuestEntry
import Glibc

/// A file's bytes.
enum FileContents {
    // linux/falloc.h
    private static let keepSize: UInt32 = 0x01
    private static let punchHole: UInt32 = 0x02
    private static let zeroRange: UInt32 = 0x10
    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)

    static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }

    /// Opens a regular file or directory again whose descriptor is at hand, and nothing else: opening a FIFO or a
    /// device does something.
    ///
    /// Who owns a file may write to it whatever its mode says; the guest had opened it before it was made read-only,
    /// or when it was made.
    static func reopen(_ descriptor: Int32, _ status: stat) throws(Errno) -> HostFile {
        if status.st_mode & S_IFMT == S_IFDIR { return try open(descriptor, O_RDONLY | O_DIRECTORY) }
        guard isRegular(status) else { throw Errno(EINVAL) }
        do throws(Errno) {
            return try open(descriptor, O_RDWR)
        } catch {
            guard error.code == EACCES else { throw error }
            try FileAttributes.setMode(descriptor, status.st_mode & 0o7777 | 0o600)
            let opened: Result<Int32, Errno>
            do throws(Errno) {
                opened = .success(try open(descriptor, O_RDWR).release())
            } catch {
                opened = .failure(error)
            }
            try FileAttributes.setMode(descriptor, status.st_mode & 0o7777)
            return HostFile(Int(try opened.get()))
        }
    }

    private static func open(_ descriptor: Int32, _ flags: Int32) throws(Errno) -> HostFile {
        let path = HostPath(descriptor: descriptor)
        return HostFile(
            try hostCall(__NR_openat, UInt64(signed: AT_FDCWD), path.address, UInt64(flags | O_CLOEXEC)))
    }

    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) {
        var done = 0
        while done < bytes.count {
            done += try hostCall(
                __NR_pwrite64, UInt64(signed: descriptor), UInt64(address: bytes.baseAddress! + done),
                UInt64(bytes.count - done), offset + UInt64(done))
        }
    }

    static func truncate(_ descriptor: Int32, _ byteCount: UInt64) throws(Errno) {
        try hostCall(__NR_ftruncate, UInt64(signed: descriptor), byteCount)
    }

    /// fallocate(2). Where the file system has none, what a reader could tell is done all the same; room that is merely
    /// set aside cannot be told.
    static func allocate(
        _ descriptor: Int32, mode: UInt32, offset: UInt64, byteCount: UInt64
    ) throws(Errno) {
        do throws(Errno) {
            try hostCall(__NR_fallocate, UInt64(signed: descriptor), UInt64(mode), offset, byteCount)
        } catch {
            guard error.code == EOPNOTSUPP, mode & ~(keepSize | punchHole | zeroRange) == 0 else { throw error }
            let size = UInt64(try FileAttributes.status(descriptor).st_size)
            let end = offset + byteCount
            if mode & (punchHole | zeroRange) != 0 { try zero(descriptor, offset..<max(offset, min(end, size))) }
            if mode & keepSize == 0, end > size { try truncate(descriptor, end) }
        }
    }

    private static func zero(_ descriptor: Int32, _ range: Range<UInt64>) throws(Errno) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = Int(min(UInt64(zeros.count), range.upperBound - offset))
            try zeros.withUnsafeBufferPointer { zeros throws(Errno) -> Void in
                let piece = UnsafeBufferPointer(rebasing: zeros[..<count])
                try write(descriptor, UnsafeRawBufferPointer(piece), at: offset)
            }
            offset += UInt64(count)
        }
    }
}
