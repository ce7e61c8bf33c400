import CGuestEntry
import Glibc
import GuestMemory

/// Where the bytes of a redirected stdout and the like go in their file: what a takeover needs to see which of them are
/// there already.
enum FileOrigin {
    /// The place in the file that the next write will go to.
    static func nextWrite(to hostFD: Int32) -> Int64? {
        if isAppending(hostFD) {
            var status = stat()
            return fstat(hostFD, &status) == 0 ? Int64(status.st_size) : nil
        }
        let offset = hostCall(__NR_lseek, UInt64(signed: hostFD), 0, UInt64(SEEK_CUR))
        return offset < 0 ? nil : Int64(offset)
    }

    static func isAppending(_ hostFD: Int32) -> Bool {
        hostCall(__NR_fcntl, UInt64(signed: hostFD), UInt64(F_GETFL)) & Int(O_APPEND) != 0
    }
}
