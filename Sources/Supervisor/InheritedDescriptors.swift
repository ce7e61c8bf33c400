import CGuestEntry
import Glibc
import GuestMemory

/// The supervisor's own 0, 1, 2, and the originals of what the guest gets duplicates of.
enum InheritedDescriptors {
    /// Puts /dev/null where 0, 1 or 2 is closed, before anything else can get such a number: the runtime and libc write
    /// to 2, and that must never be a file of the guest's.
    static func fillStandardOnes() throws(SupervisorError) {
        while true {
            let opened = openNull()
            guard opened >= 0 else {
                throw SupervisorError(.failed, "/dev/null cannot be opened: \(errorText(Int32(-opened)))")
            }
            if opened > 2 {
                hostCall(__NR_close, UInt64(opened))
                return
            }
        }
    }

    /// Gives up the originals once the guest has its own duplicates, so that a guest's close is seen by whoever reads
    /// the other end. Only 2 stays: Understudy's messages go there.
    static func giveUp(_ descriptors: [Int32]) {
        let null = openNull()
        for descriptor in descriptors where descriptor != STDERR_FILENO {
            if descriptor > STDERR_FILENO {
                hostCall(__NR_close, UInt64(signed: descriptor))
            } else if null >= 0 {
                hostCall(__NR_dup3, UInt64(null), UInt64(signed: descriptor), UInt64(O_CLOEXEC))
            }
        }
        if null >= 0 { hostCall(__NR_close, UInt64(null)) }
    }

    private static func openNull() -> Int {
        "/dev/null".withCString { path in
            hostCall(__NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path), UInt64(O_RDWR | O_CLOEXEC))
        }
    }
}
