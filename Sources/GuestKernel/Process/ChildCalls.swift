import CGuestEntry
import Glibc
import GuestMemory

/// Waiting for children is answered as for any process that has none: the supervisor's own are not
/// the guest's.
enum ChildCalls {
    private static let waitOptions = UInt64(
        UInt32(WNOHANG | WUNTRACED | WCONTINUED) | 0xe000_0000)  // __WNOTHREAD, __WALL, __WCLONE

    static func wait(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard UInt64(UInt32(truncatingIfNeeded: arguments.c)) & ~waitOptions == 0 else { return failed(EINVAL) }
        if Int32(truncatingIfNeeded: arguments.a) == Int32.min { return failed(ESRCH) }
        return failed(ECHILD)
    }

    static func waitIdentity(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let options = UInt64(UInt32(truncatingIfNeeded: arguments.d))
        let kinds = UInt64(UInt32(WEXITED | WSTOPPED | WCONTINUED))
        guard options & ~(waitOptions | kinds | UInt64(WNOWAIT)) == 0, options & kinds != 0 else {
            return failed(EINVAL)
        }
        // P_ALL, P_PID, P_PGID, P_PIDFD.
        guard arguments.a <= 3 else { return failed(EINVAL) }
        return failed(ECHILD)
    }
}
