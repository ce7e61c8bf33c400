import CGuestEntry
import Glibc
import GuestMemory

extension SignalCalls {
    static func kill(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        let pid = Int32(truncatingIfNeeded: arguments.a)
        let signal = Int32(truncatingIfNeeded: arguments.b)
        guard signal >= 0, signal <= SignalSet.count else { return failed(EINVAL) }
        if let child = kernel.children.find(pid) { return kill(thread, child, signal) }
        let isOwnGroup = pid == 0 || pid == -kernel.identity.processGroup
        // With children, or as one, the guest is not alone in it. Its own signal comes back by way of the host's.
        if isOwnGroup, kernel.hasRelatives {
            let result = sendOnHost(kernel, 0, signal)
            if signal != 0 { SignalDelivery.awaitOwn(signal, thread) }
            return result
        }
        // Otherwise only the guest itself is supervised.
        if pid == kernel.identity.pid || isOwnGroup {
            if signal == 0 { return 0 }
            SignalDelivery.awaitContinue(before: signal, thread)
            return kernel.sendToProcess(kernel.identity.sentSignal(signal, code: 0))
        }
        // To everybody: the supervisor would get it, too. Whether there is anybody may be asked.
        if pid == -1, signal != 0 { return failed(EPERM) }
        if kernel.isSupervisorTask(pid) { return failed(ESRCH) }
        // Somebody else's process sees the signal. One that is only asked whether it exists does not.
        let settled = signal == 0 ? 0 : thread.settleEverything()
        if settled != 0 { return settled }
        let result = sendOnHost(kernel, kernel.identity.hostPid(of: pid), signal)
        if result == 0, pid > 0, kernel.isRelated(pid) { SignalDelivery.await(signal, by: pid, thread) }
        return result
    }

    /// What a child does is not held either, so nothing has to be committed before. One that has ended stays until it
    /// is waited for.
    private static func kill(_ thread: GuestThread, _ child: Child, _ signal: Int32) -> Int {
        if child.isLost { return 0 }
        let result = sendOnHost(thread.kernel, child.pid, signal)
        if result == 0 { SignalDelivery.await(signal, by: child.pid, thread) }
        return result
    }

    private static func sendOnHost(_ kernel: GuestKernel, _ pid: Int32, _ signal: Int32) -> Int {
        sendOnHost(kernel, pid, signal) { hostCall(__NR_kill, UInt64(signed: pid), UInt64(signed: signal)) }
    }

    /// Has the host send it, by `call`.
    ///
    /// Where the caller is in the group that it stops, it must not keep what others wait for. What stops a process or
    /// lets it go on is not sent while another one is about to stop itself.
    private static func sendOnHost(_ kernel: GuestKernel, _ pid: Int32, _ signal: Int32, _ call: () -> Int) -> Int {
        guard signal == SIGKILL || signal == SIGSTOP || signal == SIGCONT else { return call() }
        func send() -> Int { kernel.stopOrder?.keep(call) ?? call() }
        guard let volumes = kernel.volumes, signal != SIGCONT else { return send() }
        if signal == SIGSTOP, pid == 0 { return volumes.standStill(send) }
        return volumes.send(signal, to: pid, send)
    }

    static func tkill(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        sendToThread(thread, tid: Int32(truncatingIfNeeded: arguments.a), signal: arguments.b)
    }

    static func tgkill(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let pid = Int32(truncatingIfNeeded: arguments.a)
        let tid = Int32(truncatingIfNeeded: arguments.b)
        guard pid > 0, tid > 0 else { return failed(EINVAL) }
        guard pid == thread.kernel.identity.pid else { return failed(ESRCH) }
        return sendToThread(thread, tid: tid, signal: arguments.c)
    }

    private static func sendToThread(_ thread: GuestThread, tid: Int32, signal: UInt64) -> Int {
        let kernel = thread.kernel
        let signal = Int32(truncatingIfNeeded: signal)
        guard tid > 0, signal >= 0, signal <= SignalSet.count else { return failed(EINVAL) }
        guard let target = kernel.threads.find(tid: tid) else { return failed(ESRCH) }
        if signal == 0 { return 0 }
        SignalDelivery.awaitContinue(before: signal, thread)
        return kernel.send(kernel.identity.sentSignal(signal, code: -6), to: target)  // SI_TKILL
    }

    static func sigqueueinfo(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        let pid = Int32(truncatingIfNeeded: arguments.a)
        guard pid == kernel.identity.pid else { return queue(thread, pid, arguments) }
        switch queuedInfo(signal: arguments.b, at: arguments.c) {
        case .success(nil): return 0
        case .success(let info?): return kernel.sendToProcess(info)
        case .failure(let error): return failed(error.errno)
        }
    }

    /// For another process: what its value means there is for the two to know. The same rules as for kill.
    private static func queue(_ thread: GuestThread, _ pid: Int32, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        guard pid > 0, pid != kernel.identity.hostPid, arguments.c < GuestLayout.arenaEnd else {
            return failed(arguments.c < GuestLayout.arenaEnd ? ESRCH : EFAULT)
        }
        let child = kernel.children.find(pid)
        if child?.isLost == true { return 0 }
        let settled = child != nil || arguments.b == 0 ? 0 : thread.settleEverything()
        if settled != 0 { return settled }
        let signal = Int32(truncatingIfNeeded: arguments.b)
        let hostPid = kernel.identity.hostPid(of: pid)
        let result = sendOnHost(kernel, hostPid, signal) {
            hostCall(__NR_rt_sigqueueinfo, UInt64(signed: hostPid), arguments.b, arguments.c)
        }
        if result == 0, kernel.isRelated(pid) { SignalDelivery.await(signal, by: pid, thread) }
        return result
    }

    static func tgsigqueueinfo(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        guard Int32(truncatingIfNeeded: arguments.a) == kernel.identity.pid,
            let target = kernel.threads.find(tid: Int32(truncatingIfNeeded: arguments.b))
        else { return failed(ESRCH) }
        switch queuedInfo(signal: arguments.c, at: arguments.d) {
        case .success(nil): return 0
        case .success(let info?): return kernel.send(info, to: target)
        case .failure(let error): return failed(error.errno)
        }
    }

    private static func queuedInfo(signal: UInt64, at address: UInt64) -> Result<SignalInfo?, CallError> {
        let signal = Int32(truncatingIfNeeded: signal)
        guard signal >= 0, signal <= SignalSet.count else { return .failure(CallError(errno: EINVAL)) }
        guard var info = GuestAccess.load(SignalInfo.self, at: address) else {
            return .failure(CallError(errno: EFAULT))
        }
        info.signal = signal
        return .success(signal == 0 ? nil : info)
    }
}

/// An errno on its way to a syscall's result.
struct CallError: Error {
    var errno: Int32
}

extension Result where Success == Int, Failure == CallError {
    /// As a syscall's result.
    var result: Int {
        switch self {
        case .success(let value): value
        case .failure(let error): failed(error.errno)
        }
    }
}
