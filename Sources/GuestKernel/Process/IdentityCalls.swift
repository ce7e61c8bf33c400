import CGuestEntry
import Glibc
import GuestMemory

/// Process, group and session ids, and capabilities. User and group ids are passed on.
enum IdentityCalls {
    static func getPid(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        Int(thread.kernel.identity.pid)
    }

    static func getParentPid(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        Int(thread.kernel.identity.currentParentPid)
    }

    static func getOwnGroup(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        Int(thread.kernel.identity.processGroup)
    }

    static func getGroup(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let pid = Int32(truncatingIfNeeded: arguments.a)
        if isOwn(pid, thread) { return Int(thread.kernel.identity.processGroup) }
        if thread.kernel.isSupervisorTask(pid) { return failed(ESRCH) }
        return Int(thread.kernel.identity.processGroup(of: pid))
    }

    static func getSession(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let pid = Int32(truncatingIfNeeded: arguments.a)
        if isOwn(pid, thread) { return Int(thread.kernel.identity.session) }
        if thread.kernel.isSupervisorTask(pid) { return failed(ESRCH) }
        return Int(thread.kernel.identity.session(of: pid))
    }

    /// setpgid(2) of the guest itself is the supervisor's: a shell that leads its own group must be
    /// able to own the terminal. A child's is the host's affair.
    static func setGroup(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let identity = thread.kernel.identity
        let pid = Int32(truncatingIfNeeded: arguments.a)
        var group = Int32(truncatingIfNeeded: arguments.b)
        guard group >= 0 else { return failed(EINVAL) }
        if let child = thread.kernel.children.find(pid), !child.isLost {
            let hostGroup = group == identity.pid ? identity.hostPid : thread.kernel.hostGroup(group)
            return hostCall(__NR_setpgid, UInt64(signed: pid), UInt64(signed: hostGroup))
        }
        guard isOwn(pid, thread) else { return failed(ESRCH) }
        if group == 0 { group = identity.pid }
        if group == identity.processGroup { return 0 }
        let hostGroup = group == identity.pid ? 0 : group
        let result = hostCall(__NR_setpgid, 0, UInt64(signed: hostGroup))
        if result == 0 { identity.setProcessGroup(group) }
        return result
    }

    static func setSession(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let identity = thread.kernel.identity
        let result = hostCall(__NR_setsid)
        if result < 0 { return result }
        identity.setSession(identity.pid)
        identity.setProcessGroup(identity.pid)
        return Int(identity.pid)
    }

    private static func isOwn(_ pid: Int32, _ thread: GuestThread) -> Bool {
        pid == 0 || thread.kernel.isGuestTask(pid)
    }

    // MARK: - Capabilities

    /// capget(2) and capset(2): the header names a task, the data is passed on.
    static func capabilities(_ number: Int32) -> SyscallHandler {
        { thread, arguments in
            guard var header = GuestAccess.load(CapabilityHeader.self, at: arguments.a) else { return failed(EFAULT) }
            let task = header.task
            guard let hostTask = thread.kernel.hostTask(task, thread) else { return failed(ESRCH) }
            guard arguments.b < GuestLayout.arenaEnd else { return failed(EFAULT) }
            header.task = hostTask
            let result = hostCall(number, UInt64(address: &header), arguments.b)
            header.task = task
            // The kernel writes the version that it prefers where it does not know the one given.
            if result == -Int(EINVAL) || arguments.b == 0 {
                guard GuestAccess.store(header, at: arguments.a) else { return failed(EFAULT) }
            }
            return result
        }
    }

    /// struct __user_cap_header_struct.
    private struct CapabilityHeader: BitwiseCopyable {
        var version: UInt32
        var task: Int32
    }
}

extension GuestKernel {
    /// Whether a process or thread id is one of the guest's.
    func isGuestTask(_ task: Int32) -> Bool {
        task == identity.pid || threads.find(tid: task) != nil
    }

    /// Whether an id is of the supervisor's process or of one of its threads on the host, and not the guest's. To the
    /// guest that is nobody: what it did to one, a signal or a limit, would be done to the supervisor.
    func isSupervisorTask(_ task: Int32) -> Bool {
        if isGuestTask(task) { return false }
        let process = UInt64(signed: identity.hostPid)
        return task > 0 && hostCall(__NR_tgkill, process, UInt64(signed: task), 0) == 0
    }

    /// The host's id for a process or thread id that the guest names: 0, the caller, stays 0, the
    /// guest's threads become their host threads, and other processes are themselves. Nil for a
    /// thread of the guest's that does not run yet, and for the supervisor's own.
    func hostTask(_ task: Int32, _ caller: GuestThread) -> Int32? {
        if task < 0 { return task }
        if task == 0 || task == caller.tid { return 0 }
        if let target = threads.find(tid: task) {
            let hostTid = target.context.pointee.host_tid
            return hostTid == 0 ? nil : hostTid
        }
        // The first thread has ended, or the guest's pid names another process of the mirror's host.
        if task == identity.pid { return 0 }
        return isSupervisorTask(task) ? nil : identity.hostPid(of: task)
    }
}
