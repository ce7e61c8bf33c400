import CGuestEntry
import Glibc
import GuestMemory

/// readlink: links below /proc/self name the guest's things, not the supervisor's.
enum LinkCalls {
    static func readlink(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        readlink(thread, directory: UInt64(signed: AT_FDCWD), path: arguments.a, arguments.b, arguments.c)
    }

    static func readlinkat(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        readlink(thread, directory: arguments.a, path: arguments.b, arguments.c, arguments.d)
    }

    private static func readlink(
        _ thread: GuestThread, directory: UInt64, path: UInt64, _ buffer: UInt64, _ count: UInt64
    ) -> Int {
        guard Int32(truncatingIfNeeded: count) > 0 else { return failed(EINVAL) }
        guard buffer < GuestLayout.arenaEnd else { return failed(EFAULT) }
        switch thread.kernel.paths.resolve(thread.kernel, directory: directory, pathAt: path, followsLast: false) {
        case .failure(let error): return failed(error.errno)
        case .success(let resolved):
            return withExtendedLifetime(resolved) {
                hostCall(
                    __NR_readlinkat, UInt64(signed: resolved.hostDirectory), resolved.pathAddress, buffer, count)
            }
        }
    }
}
