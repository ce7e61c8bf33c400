import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

extension GuestKernel {
    /// Sends a signal to the whole process. 0 or a negative errno (EAGAIN: the queue is full).
    @discardableResult
    public func sendToProcess(_ info: SignalInfo) -> Int {
        var result = 0
        let target: GuestThread? = signals.state.withLock { state in
            prepareForSend(info.signal, &state)
            let candidates = threads.snapshot().filter { !$0.mustEnd.load(ordering: .acquiring) }
            if isIgnored(info.signal, state, mask: candidates.first?.signals.mask ?? 0, awaited: 0),
                !candidates.contains(where: { $0.signals.awaited & SignalSet.bit(info.signal) != 0 })
            {
                return nil
            }
            guard state.shared.add(info) else {
                result = failed(EAGAIN)
                return nil
            }
            notifyWatchers(state, info.signal)
            return chooseTarget(for: info.signal, among: candidates)
        }
        target?.requestAttention()
        return result
    }

    /// Hands on a signal that another process, the terminal or the host's kernel has sent to the supervisor.
    public func sendFromOutside(signal: Int32, code: Int32, pid: Int32, uid: UInt32, value: UInt64) {
        // The host says that time is up for the guest; that it is for good is for the guest's kernel to say.
        let fromKernel: Int32 = 0x80  // SI_KERNEL
        let isOver = signal == SIGXCPU && code == fromKernel && limits.hasUsedUpProcessorTime
        sendToProcess(.outside(signal: isOver ? SIGKILL : signal, code: code, pid: pid, uid: uid, value: value))
    }

    /// Sends a signal to one thread.
    @discardableResult
    func send(_ info: SignalInfo, to thread: GuestThread) -> Int {
        var result = 0
        let isDue: Bool = signals.state.withLock { state in
            prepareForSend(info.signal, &state)
            if isIgnored(info.signal, state, mask: thread.signals.mask, awaited: thread.signals.awaited) {
                return false
            }
            guard thread.signals.pending.add(info) else {
                result = failed(EAGAIN)
                return false
            }
            notifyWatchers(state, info.signal)
            return SignalSet.bit(info.signal) & ~(thread.signals.mask & ~thread.signals.awaited) != 0
        }
        if isDue { thread.requestAttention() }
        return result
    }

    /// Whether a wait of `thread` has to end: a signal that it would take, or the end.
    func mustInterrupt(_ thread: GuestThread) -> Bool {
        if thread.hasToEnd { return true }
        return signals.state.withLock { state in
            let unblocked = ~(thread.signals.mask & ~thread.signals.awaited)
            return (thread.signals.pending.set | state.shared.set) & unblocked != 0
        }
    }

    /// Whether a signal outside `set` is waiting for the thread, so that sigtimedwait has to return.
    func hasSignalOutside(_ set: UInt64, _ thread: GuestThread) -> Bool {
        if thread.hasToEnd { return true }
        return signals.state.withLock { state in
            (thread.signals.pending.set | state.shared.set) & ~thread.signals.mask & ~set != 0
        }
    }

    /// Job control acts when a signal is sent, not when it is taken (prepare_signal in kernel/signal.c).
    private func prepareForSend(_ signal: Int32, _ state: inout SignalTable.State) {
        if signal == SIGCONT || signal == SIGKILL {
            state.shared.discard(SignalSet.stopping)
            threads.visit { $0.signals.pending.discard(SignalSet.stopping) }
            goOn(&state)
        } else if SignalSet.stopping & SignalSet.bit(signal) != 0 {
            state.shared.discard(SignalSet.bit(SIGCONT))
            threads.visit { $0.signals.pending.discard(SignalSet.bit(SIGCONT)) }
        }
    }

    /// Ends a stop.
    func goOn(_ state: inout SignalTable.State) {
        guard state.isStopped else { return }
        state.isStopped = false
        state.hostStopSignal = 0
        signals.stoppedWord.store(0, ordering: .sequentiallyConsistent)
        HostFutex.wake(signals.stoppedWord)
    }

    private func isIgnored(_ signal: Int32, _ state: SignalTable.State, mask: UInt64, awaited: UInt64) -> Bool {
        let bit = SignalSet.bit(signal)
        if (mask | awaited) & bit != 0 { return false }
        let handler = state.actions[Int(signal)].handler
        if handler == SignalAction.ignoreHandler { return true }
        return handler == SignalAction.defaultHandler && SignalSet.ignoredByDefault & bit != 0
    }

    /// Shared signals that a thread was asked to take, and now blocks or leaves behind, become the
    /// others' (retarget_shared_pending in kernel/signal.c).
    func retargetSharedSignals(from thread: GuestThread) {
        let others = threads.snapshot()
        let due = signals.state.withLock { state in
            others.filter { $0 !== thread && state.shared.set & ~$0.signals.mask != 0 }
        }
        for other in due { other.requestAttention() }
    }

    /// The first thread where it can, else any that does not block the signal.
    private func chooseTarget(for signal: Int32, among candidates: [GuestThread]) -> GuestThread? {
        let bit = SignalSet.bit(signal)
        if let waiting = candidates.first(where: { $0.signals.awaited & bit != 0 }) { return waiting }
        return candidates.first { $0.signals.mask & bit == 0 }
    }

    private func notifyWatchers(_ state: SignalTable.State, _ signal: Int32) {
        for watcher in state.watchers
        where watcher.mask.load(ordering: .relaxed) & SignalSet.bit(signal) != 0 {
            watcher.notify()
        }
    }

    var isStoppedByJobControl: Bool {
        signals.stoppedWord.load(ordering: .sequentiallyConsistent) == 1
    }

    /// Sleeps until SIGCONT, or until the process ends.
    func waitForContinue(_ thread: GuestThread) {
        gate.beginWaiting(thread)
        while isStoppedByJobControl, !isEnding {
            HostFutex.wait(signals.stoppedWord, while: 1, timeoutNanoseconds: 100_000_000)
            // The host refuses one while the user has too many signals waiting (RLIMIT_SIGPENDING).
            if identity.isChild { guest_signals_kick_listener() }
        }
        gate.endWaiting(thread)
    }
}
