import CGuestEntry
import Glibc
import GuestMemory

extension ResourceLimits {
    /// RLIMIT_NOFILE's soft limit as a count that arithmetic on descriptors cannot overflow.
    var descriptorCountMax: Int {
        Int(min(soft(of: ResourceLimits.openFiles), 1 << 30))
    }
}

/// getrlimit(2), setrlimit(2) and prlimit(2).
enum LimitCalls {
    static func getLimit(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let resource = resource(arguments.a) else { return failed(EINVAL) }
        let limit = thread.kernel.limits.get(resource)
        return GuestAccess.store(limit, at: arguments.b) ? 0 : failed(EFAULT)
    }

    static func setLimit(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let limit = GuestAccess.load(ResourceLimits.Limit.self, at: arguments.b) else { return failed(EFAULT) }
        guard let resource = resource(arguments.a) else { return failed(EINVAL) }
        return set(thread.kernel, resource, limit)
    }

    static func processLimit(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        let pid = Int32(truncatingIfNeeded: arguments.a)
        guard pid == 0 || kernel.isGuestTask(pid) else {
            return kernel.isSupervisorTask(pid) ? failed(ESRCH) : ofOther(thread, pid, arguments)
        }
        var new: ResourceLimits.Limit?
        if arguments.c != 0 {
            new = GuestAccess.load(ResourceLimits.Limit.self, at: arguments.c)
            if new == nil { return failed(EFAULT) }
        }
        guard let resource = resource(arguments.b) else { return failed(EINVAL) }
        let old = kernel.limits.get(resource)
        if let new {
            let result = set(kernel, resource, new)
            if result < 0 { return result }
        }
        if arguments.d != 0, !GuestAccess.store(old, at: arguments.d) { return failed(EFAULT) }
        return 0
    }

    /// Another process's limits are the host's affair.
    private static func ofOther(_ thread: GuestThread, _ pid: Int32, _ arguments: SyscallArguments) -> Int {
        guard arguments.c < GuestLayout.arenaEnd, arguments.d < GuestLayout.arenaEnd else { return failed(EFAULT) }
        // Made again, it would find the limit that it has set.
        return thread.writing(arguments.d, MemoryLayout<ResourceLimits.Limit>.size) {
            hostCall(__NR_prlimit64, UInt64(signed: pid), arguments.b, arguments.c, arguments.d)
        }
    }

    private static func resource(_ argument: UInt64) -> Int? {
        let resource = Int(UInt32(truncatingIfNeeded: argument))
        return resource < ResourceLimits.count ? resource : nil
    }

    private static func set(_ kernel: GuestKernel, _ resource: Int, _ limit: ResourceLimits.Limit) -> Int {
        let result = kernel.limits.set(resource, limit)
        if result == 0, resource == ResourceLimits.openFiles {
            kernel.files.setLimit(kernel.limits.descriptorCountMax)
        }
        // A guest that is replicated may go on where it has used no time yet, and the link's files are no guest's.
        let isWatchedByHost = resource == ResourceLimits.processorTime || resource == ResourceLimits.fileSize
        if result == 0, isWatchedByHost, !kernel.configuration.replicates { return kernel.limits.apply(resource) }
        return result
    }

    /// A file would have become larger than RLIMIT_FSIZE allows: the host's own SIGXFSZ stays blocked in its thread.
    static func tellOfFileSize(_ thread: GuestThread) {
        let kernel = thread.kernel
        guard kernel.limits.soft(of: ResourceLimits.fileSize) != ResourceLimits.infinity else { return }
        kernel.send(kernel.identity.sentSignal(SIGXFSZ, code: 0), to: thread)
    }
}
