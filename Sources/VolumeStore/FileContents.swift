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
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        guard isDirectory || isRegular(status) else { throw Errno(EINVAL) }
        let flags = isDirectory ? O_RDONLY | O_DIRECTORY : O_RDWR
        let opened = try FileAttributes.asOwner(descriptor, isDirectory ? 0o500 : 0o600) { () throws(Errno) in
            try open(descriptor, flags).release()
        }
        return HostFile(Int(opened))
    }

    /// Opens a regular file again, to read it, whatever its mode says to its owner.
    static func reopenForReading(_ descriptor: Int32) throws(Errno) -> HostFile {
        let opened = try FileAttributes.asOwner(descriptor, 0o400) { () throws(Errno) in
            try open(descriptor, O_RDONLY).release()
        }
        return HostFile(Int(opened))
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
