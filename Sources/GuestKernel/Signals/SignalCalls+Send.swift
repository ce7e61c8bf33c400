import CGuestEntry
import Glibc
import GuestMemory

extension SignalCalls {
    static func kill(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        let pid = Int32(truncatingIfNeeded: arguments.a)
        let signal = Int32(truncatingIfNeeded: arguments.b)
        guard signal >= 0, signal <= SignalSet.count else { return failed(EINVAL) }
        // 0 means the guest's process group, of which only the guest itself is supervised.
        if pid == kernel.identity.pid || pid == 0 || pid == -kernel.identity.processGroup {
            if signal == 0 { return 0 }
            return kernel.sendToProcess(kernel.identity.sentSignal(signal, code: 0))
        }
        if pid == -1 { return failed(EPERM) }
        if kernel.isSupervisorTask(pid) { return failed(ESRCH) }
        // Somebody else's process sees the signal. One that is only asked whether it exists does not.
        let settled = signal == 0 ? 0 : thread.settleEverything()
        if settled != 0 { return settled }
        return hostCall(__NR_kill, UInt64(signed: pid), UInt64(signed: signal))
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
        return kernel.send(kernel.identity.sentSignal(signal, code: -6), to: target)  // SI_TKILL
    }

    static func sigqueueinfo(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        guard Int32(truncatingIfNeeded: arguments.a) == kernel.identity.pid else { return failed(ESRCH) }
        switch queuedInfo(signal: arguments.b, at: arguments.c) {
        case .success(nil): return 0
        case .success(let info?): return kernel.sendToProcess(info)
        case .failure(let error): return failed(error.errno)
        }
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
