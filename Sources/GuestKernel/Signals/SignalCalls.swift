import CGuestEntry
import Glibc
import GuestMemory

/// rt_sigaction, rt_sigprocmask, kill and their like.
enum SignalCalls {
    private static let setByteCount: UInt64 = 8

    static func sigaction(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let signal = Int32(truncatingIfNeeded: arguments.a)
        guard arguments.d == setByteCount else { return failed(EINVAL) }
        guard signal >= 1, signal <= SignalSet.count else { return failed(EINVAL) }
        var new: SignalAction?
        if arguments.b != 0 {
            if SignalSet.unblockable & SignalSet.bit(signal) != 0 { return failed(EINVAL) }
            guard let given = GuestAccess.load(SignalAction.self, at: arguments.b) else { return failed(EFAULT) }
            new = given
        }
        let old = thread.kernel.signals.state.withLock { state in
            let old = state.actions[Int(signal)]
            if var action = new {
                action.mask &= ~SignalSet.unblockable
                action.flags &= SignalAction.knownFlags
                state.actions[Int(signal)] = action
                discardIfIgnored(signal, action, thread.kernel, &state)
            }
            return old
        }
        if arguments.c != 0, !GuestAccess.store(old, at: arguments.c) { return failed(EFAULT) }
        return 0
    }

    /// POSIX: setting an action to ignore discards what is pending.
    private static func discardIfIgnored(
        _ signal: Int32, _ action: SignalAction, _ kernel: GuestKernel, _ state: inout SignalTable.State
    ) {
        let bit = SignalSet.bit(signal)
        let isIgnored =
            action.handler == SignalAction.ignoreHandler
            || action.handler == SignalAction.defaultHandler && SignalSet.ignoredByDefault & bit != 0
        guard isIgnored else { return }
        state.shared.discard(bit)
        kernel.threads.visit { $0.signals.pending.discard(bit) }
        state.lowerWatchers(kernel)
    }

    static func sigprocmask(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.d == setByteCount else { return failed(EINVAL) }
        // A thread alone writes its mask, so reading it needs no lock.
        let old = thread.signals.mask
        if arguments.b != 0 {
            guard let given = GuestAccess.load(UInt64.self, at: arguments.b) else { return failed(EFAULT) }
            switch Int32(truncatingIfNeeded: arguments.a) {
            case SIG_BLOCK: thread.setMask(old | given)
            case SIG_UNBLOCK: thread.setMask(old & ~given)
            case SIG_SETMASK: thread.setMask(given)
            default: return failed(EINVAL)
            }
        }
        if arguments.c != 0, !GuestAccess.store(old, at: arguments.c) { return failed(EFAULT) }
        return 0
    }

    static func sigpending(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.b <= setByteCount else { return failed(EINVAL) }
        let set = thread.kernel.signals.state.withLock { state in
            (state.shared.set | thread.signals.pending.set) & thread.signals.mask
        }
        return GuestAccess.store(set, at: arguments.a) ? 0 : failed(EFAULT)
    }

    static func sigsuspend(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.b == setByteCount else { return failed(EINVAL) }
        guard let mask = GuestAccess.load(UInt64.self, at: arguments.a) else { return failed(EFAULT) }
        return suspend(thread, mask: mask)
    }

    static func pause(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        while thread.prepareToSleep() { _ = thread.sleepUntilWoken(deadlineNanoseconds: nil) }
        return Restart.withoutHandler
    }

    private static func suspend(_ thread: GuestThread, mask: UInt64) -> Int {
        thread.setTemporaryMask(mask)
        while thread.prepareToSleep() { _ = thread.sleepUntilWoken(deadlineNanoseconds: nil) }
        return Restart.withoutHandler
    }

    static func sigaltstack(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let old = (thread.alternateStack.base, UInt64(thread.alternateStackFlags()), thread.alternateStack.byteCount)
        if arguments.a != 0 {
            guard let base = GuestAccess.load(UInt64.self, at: arguments.a),
                let flags = GuestAccess.load(UInt32.self, at: arguments.a + 8),
                let byteCount = GuestAccess.load(UInt64.self, at: arguments.a + 16)
            else { return failed(EFAULT) }
            if thread.alternateStack.contains(thread.context.pointee.rsp) { return failed(EPERM) }
            switch AlternateStack.checked(base: base, byteCount: byteCount, flags: flags) {
            case .success(let stack): thread.alternateStack = stack
            case .failure(let error): return failed(error.errno)
            }
        }
        if arguments.b != 0 {
            guard GuestAccess.store(old.0, at: arguments.b), GuestAccess.store(old.1, at: arguments.b + 8),
                GuestAccess.store(old.2, at: arguments.b + 16)
            else { return failed(EFAULT) }
        }
        return 0
    }

    static func sigtimedwait(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard arguments.d == setByteCount else { return failed(EINVAL) }
        guard let wanted = GuestAccess.load(UInt64.self, at: arguments.a) else { return failed(EFAULT) }
        let set = wanted & ~SignalSet.unblockable
        if thread.waiter.deadlineNanoseconds == nil, arguments.c != 0 {
            switch thread.kernel.clock.deadline(afterTimeoutAt: arguments.c) {
            case .success(let deadline): thread.waiter.deadlineNanoseconds = deadline
            case .failure(let error): return failed(error.errno)
            }
        }
        guard var info = awaitSignal(thread, set) else { return failed(EAGAIN) }
        if info.signal == 0 { return failed(EINTR) }
        thread.kernel.signalTaken(&info)
        if arguments.b != 0, !storeInfo(info, at: arguments.b) { return failed(EFAULT) }
        return Int(info.signal)
    }

    /// The signal, nil at the deadline, or signal 0 when something else interrupted the wait.
    private static func awaitSignal(_ thread: GuestThread, _ set: UInt64) -> SignalInfo? {
        let table = thread.kernel.signals
        while true {
            thread.wakeWord.store(0, ordering: .sequentiallyConsistent)
            let taken = table.state.withLock { state in
                let info = thread.signals.pending.take(from: set) ?? state.shared.take(from: set)
                thread.signals.awaited = info == nil ? set : 0
                if info != nil { state.lowerWatchers(thread.kernel) }
                return info
            }
            if let taken { return taken }
            let isOther = thread.kernel.hasSignalOutside(set, thread)
            let isWoken = !isOther && thread.sleepUntilWoken(deadlineNanoseconds: thread.waiter.deadlineNanoseconds)
            let last = table.state.withLock { state in
                thread.signals.awaited = 0
                let info = thread.signals.pending.take(from: set) ?? state.shared.take(from: set)
                if info != nil { state.lowerWatchers(thread.kernel) }
                return info
            }
            if let last { return last }
            if isOther { return SignalInfo(signal: 0, code: 0) }
            if !isWoken { return nil }
        }
    }

    /// Writes a siginfo_t, its padding included.
    static func storeInfo(_ info: SignalInfo, at address: UInt64) -> Bool {
        let byteCount = MemoryLayout<SignalInfo>.size
        return GuestAccess.store(info, at: address)
            && GuestAccess.fill(address + UInt64(byteCount), with: 0, count: SignalInfo.byteCount - byteCount)
    }

    static func sigreturn(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        thread.returnFromSignal()
    }
}
