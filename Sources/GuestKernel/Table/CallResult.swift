import Glibc

/// A syscall's result for an errno.
@inline(__always)
func failed(_ errno: Int32) -> Int {
    -Int(errno)
}

/// Results that never reach the guest: an interrupted call that is made again, or ends with
/// EINTR, depending on the signal's handler (the kernel's include/linux/errno.h has the same).
enum Restart {
    /// Again if the handler has SA_RESTART, or if there is none; else EINTR.
    static let system = -512
    /// Again in any case, behind the handler: for a call that natively does not wait, and so never says EINTR.
    static let always = -513
    /// Again if no handler runs; else EINTR whatever its flags (poll, sigsuspend, nanosleep, futex with a timeout).
    static let withoutHandler = -514

    static func contains(_ result: Int) -> Bool {
        result == system || result == always || result == withoutHandler
    }
}
