import CGuestEntry
import Glibc
import GuestMemory

/// Children and new programs, which a guest cannot have yet. Waiting for them is answered as for
/// any process without children: the supervisor's own are none of the guest's.
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

    static func fork(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        thread.kernel.reportOnce(
            "the guest asked for a child process, which is not supported yet; it was told ENOSYS")
        return failed(ENOSYS)
    }

    static func execute(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        thread.kernel.reportOnce(
            "the guest asked to run another program in its place, which is not supported yet; it was told ENOSYS")
        return failed(ENOSYS)
    }
}
