import CGuestEntry
import Glibc
import Volumes

/// What is known about a file, changed by its descriptor. All but `setFlags` take one that was opened for that alone
/// (O_PATH), so that a symbolic link or a FIFO is neither followed nor opened.
enum FileAttributes {
    /// linux/fcntl.h
    private static let emptyPath: UInt64 = 0x1000
    /// FS_IOC_SETFLAGS, linux/fs.h
    private static let setFlagsRequest: UInt64 = 0x4008_6602

    static func setMode(_ descriptor: Int32, _ mode: UInt32) throws(Errno) {
        // fchmod(2) does not take O_PATH, and fchmodat2(2) is younger than what we run on.
        let path = HostPath(descriptor: descriptor)
        try hostCall(__NR_fchmodat, UInt64(signed: AT_FDCWD), path.address, UInt64(mode))
    }

    static func setOwner(_ descriptor: Int32, user: UInt32, group: UInt32) throws(Errno) {
        let empty = HostPath([])
        try hostCall(
            __NR_fchownat, UInt64(signed: descriptor), empty.address, UInt64(user), UInt64(group), emptyPath)
    }

    static func setTimes(_ descriptor: Int32, _ times: FileOperation.Times) throws(Errno) {
        var both = (timespec(times.accessNanoseconds), timespec(times.modificationNanoseconds))
        let empty = HostPath([])
        try withUnsafeMutableBytes(of: &both) { both throws(Errno) -> Void in
            try hostCall(
                __NR_utimensat, UInt64(signed: descriptor), empty.address, UInt64(address: both.baseAddress), emptyPath)
        }
    }

    static func setFlags(_ descriptor: Int32, _ flags: UInt32) throws(Errno) {
        var flags = Int(flags)
        try withUnsafeMutableBytes(of: &flags) { flags throws(Errno) -> Void in
            try hostCall(
                __NR_ioctl, UInt64(signed: descriptor), setFlagsRequest, UInt64(address: flags.baseAddress))
        }
    }

    /// - Parameter follows: whether a link in the path's last place is followed.
    static func setAttribute(
        _ path: borrowing HostPath, follows: Bool, _ name: [UInt8], _ value: [UInt8]
    ) throws(Errno) {
        let name = HostPath(name)
        let number = follows ? __NR_setxattr : __NR_lsetxattr
        let address = path.address
        try value.withUnsafeBufferPointer { value throws(Errno) -> Void in
            try hostCall(number, address, name.address, UInt64(address: value.baseAddress), UInt64(value.count))
        }
    }

    static func removeAttribute(_ path: borrowing HostPath, follows: Bool, _ name: [UInt8]) throws(Errno) {
        let name = HostPath(name)
        try hostCall(follows ? __NR_removexattr : __NR_lremovexattr, path.address, name.address)
    }

    /// Does what a file's owner may do whatever its mode says: where that is in the way, it has `bits` as well until
    /// that is done.
    static func asOwner<Success>(
        _ descriptor: Int32, _ bits: UInt32, _ body: () throws(Errno) -> Success
    ) throws(Errno) -> Success {
        do throws(Errno) {
            return try body()
        } catch {
            let mode = UInt32(try status(descriptor).st_mode) & 0o7777
            guard error.code == EACCES, mode & bits != bits else { throw error }
            do throws(Errno) {
                try setMode(descriptor, mode | bits)
            } catch let failure {
                // Another's file: the mode means this user as well.
                throw failure.code == EPERM ? error : failure
            }
            let result: Result<Success, Errno>
            do throws(Errno) {
                result = .success(try body())
            } catch {
                result = .failure(error)
            }
            try setMode(descriptor, mode)
            return try result.get()
        }
    }

    static func status(_ descriptor: Int32) throws(Errno) -> stat {
        var status = stat()
        let empty = HostPath([])
        try withUnsafeMutableBytes(of: &status) { status throws(Errno) -> Void in
            try hostCall(
                __NR_newfstatat, UInt64(signed: descriptor), empty.address, UInt64(address: status.baseAddress),
                emptyPath)
        }
        return status
    }
}

extension timespec {
    /// Nanoseconds since 1970; before that they are negative, and a timespec's nanoseconds never are.
    init(_ nanoseconds: Int64) {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let isEarlier = rest < 0
        self.init(
            tv_sec: Int(seconds) - (isEarlier ? 1 : 0), tv_nsec: Int(rest) + (isEarlier ? 1_000_000_000 : 0))
    }
}
