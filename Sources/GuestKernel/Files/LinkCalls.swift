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
            if let synthetic = resolved.synthetic {
                if let target = target(thread, synthetic.node) { return give(target, buffer, count) }
            }
            return withExtendedLifetime(resolved) {
                // A target is no longer than a path.
                thread.writing(buffer, Int(min(count, UInt64(PathResolver.pathByteCountMax)))) {
                    hostCall(
                        __NR_readlinkat, UInt64(signed: resolved.hostDirectory), resolved.pathAddress, buffer, count)
                }
            }
        }
    }

    /// Where a link of the guest's own leads; nil for what is no link, or one of the host's.
    private static func target(_ thread: GuestThread, _ node: ProcNode) -> [UInt8]? {
        let pid = thread.kernel.identity.pid
        switch node {
        case .selfLink: return Array("\(pid)".utf8)
        case .threadSelfLink: return Array("\(pid)/task/\(thread.tid)".utf8)
        case .executableLink: return Array(thread.kernel.program.path.utf8)
        case .workingDirectoryLink: return thread.kernel.paths.workingDirectory
        case .descriptor(let file): return ProcDescriptors.link(file, thread.kernel)
        case .directory, .file, .descriptorInfo, .refused: return nil
        }
    }

    /// A target that is longer than the buffer is cut (readlink(2)).
    private static func give(_ target: [UInt8], _ buffer: UInt64, _ count: UInt64) -> Int {
        let given = min(target.count, Int(Int32(truncatingIfNeeded: count)))
        return GuestAccess.storeArray(Array(target.prefix(given)), at: buffer) ? given : failed(EFAULT)
    }
}
