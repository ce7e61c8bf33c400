import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

extension GuestThread {
    /// Delivers what is pending: at most one handler is set up at a time, and the loop goes on
    /// until nothing unblocked is left, as exit_to_user_mode_loop does. Finishes an interrupted
    /// call first. False when the process ends.
    func deliverSignals() -> Bool {
        while true {
            let taken: (SignalInfo, SignalAction)? = kernel.signals.state.withLock { state in
                let unblocked = ~signals.mask
                guard let info = signals.pending.take(from: unblocked) ?? state.shared.take(from: unblocked) else {
                    return nil
                }
                state.lowerWatchers(kernel)
                let action = state.actions[Int(info.signal)]
                // In the section that takes the signal, so that a SIGCONT sent from now on ends the stop.
                if action.handler == SignalAction.defaultHandler,
                    SignalSet.stopping & SignalSet.bit(info.signal) != 0
                {
                    state.isStopped = true
                    if kernel.identity.isChild { state.hostStopSignal = info.signal }
                    kernel.signals.stoppedWord.store(1, ordering: .sequentiallyConsistent)
                }
                if action.flags & SignalAction.resetHandler != 0, action.handler > SignalAction.ignoreHandler {
                    state.actions[Int(info.signal)].handler = SignalAction.defaultHandler
                }
                return (info, action)
            }
            guard let (pending, action) = taken else {
                resumeInterruptedCall()
                if context.pointee.stop == 0 || kernel.isEnding { return !kernel.isEnding }
                // The call made again was interrupted once more.
                _ = guest_context_take_stop(context)
                kernel.gate.park(self)
                if kernel.isEnding { return false }
                continue
            }
            var info = pending
            kernel.signalTaken(&info)
            guard deliver(info, action, trap: 0, errorCode: 0) else { return false }
        }
    }

    /// Does what the action says. False when the process ends.
    private func deliver(_ info: SignalInfo, _ action: SignalAction, trap: UInt64, errorCode: UInt64) -> Bool {
        if info.signal == SIGKILL {
            kernel.end(.signalled(SIGKILL))
            return false
        }
        if action.handler == SignalAction.ignoreHandler { return true }
        if action.handler == SignalAction.defaultHandler {
            return doDefault(info)
        }
        traceInterruption(by: info)
        settleInterruptedCall(action)
        guard pushFrame(info, action, trap: trap, errorCode: errorCode) else {
            return failDelivery(of: info)
        }
        return true
    }

    /// A frame that cannot be written is a SIGSEGV, whose handler may have a stack of its own (force_sigsegv).
    private func failDelivery(of info: SignalInfo) -> Bool {
        if info.signal != SIGSEGV {
            forceSignal(SignalInfo.fromKernel(signal: SIGSEGV), trap: 0, errorCode: 0)
            return !kernel.isEnding
        }
        kernel.reportFault(self, "has no room for a signal handler's frame on its stack")
        kernel.end(.signalled(SIGSEGV))
        return false
    }

    private func doDefault(_ info: SignalInfo) -> Bool {
        let bit = SignalSet.bit(info.signal)
        // A call that is interrupted by one that does nothing, or stops the guest for a while, goes on.
        if SignalSet.ignoredByDefault & bit != 0 {
            traceSignal(info)
            return true
        }
        if SignalSet.stopping & bit != 0 {
            traceSignal(info)
            kernel.threads.visit { guest_context_request_stop($0.context) }
            if kernel.identity.isChild {
                // The thread that forwards signals does it.
                guest_signals_kick_listener()
            } else {
                // The shell does not see it, so somebody has to say why nothing moves any more.
                kernel.configuration.report(
                    "\(signalName(info.signal)) stopped the guest; SIGCONT lets it go on, three interrupts end it")
            }
            kernel.waitForContinue(self)
            return !kernel.isEnding
        }
        traceInterruption(by: info)
        kernel.end(.signalled(info.signal))
        return false
    }

    /// A signal that must be taken now: when it is blocked or ignored the process ends by it
    /// (force_sig_info in kernel/signal.c).
    func forceSignal(_ info: SignalInfo, trap: UInt64, errorCode: UInt64) {
        var action = kernel.signals.action(for: info.signal)
        let isBlocked = kernel.signals.state.withLock { _ in signals.mask & SignalSet.bit(info.signal) != 0 }
        if isBlocked || action.handler == SignalAction.ignoreHandler {
            action.handler = SignalAction.defaultHandler
        }
        if action.handler == SignalAction.defaultHandler {
            traceInterruption(by: info)
            kernel.reportFault(self, "took \(signalName(info.signal)) at address \(hexadecimal(info.field0))")
            kernel.end(.signalled(info.signal))
            return
        }
        if action.flags & SignalAction.resetHandler != 0 {
            kernel.signals.state.withLock {
                $0.actions[Int(info.signal)].handler = SignalAction.defaultHandler
            }
        }
        _ = deliver(info, action, trap: trap, errorCode: errorCode)
    }

    /// Decides what an interrupted call returns, now that a handler runs.
    private func settleInterruptedCall(_ action: SignalAction) {
        let result = interruptedResult
        if result == 0 { return }
        interruptedResult = 0
        waiter.callNumber = -1
        let isAgain = result == Restart.system && action.flags & SignalAction.restart != 0
        if isAgain || result == Restart.always {
            restartCallInGuest()
        } else {
            context.pointee.rax = UInt64(signed: failed(EINTR))
        }
    }

    /// No handler ran: the call goes on with the record it has.
    private func resumeInterruptedCall() {
        if interruptedResult == 0 { return }
        interruptedResult = 0
        restoreSavedMask()
        goOnWithCall()
    }

    /// Puts the guest back on its syscall instruction, two bytes before.
    private func restartCallInGuest() {
        context.pointee.rip -= 2
        context.pointee.rax = lastCallNumber
    }

    /// Gives the thread its own mask back when the call that changed it for its duration
    /// (sigsuspend, ppoll, pselect, epoll_pwait) ended without a handler.
    func restoreSavedMask() {
        guard let mask = savedMask else { return }
        savedMask = nil
        setMask(mask)
    }

    /// Sets the thread's mask; what it unblocks is delivered before guest code runs again.
    func setMask(_ mask: UInt64) {
        let (isDue, retargeted) = kernel.signals.state.withLock { state in
            let newlyBlocked = mask & ~signals.mask & state.shared.set
            signals.mask = mask & ~SignalSet.unblockable
            return ((signals.pending.set | state.shared.set) & ~signals.mask != 0, newlyBlocked)
        }
        if isDue { guest_context_request_stop(context) }
        if retargeted != 0 { kernel.retargetSharedSignals(from: self) }
    }
}

extension GuestThread {
    /// The mask for the duration of one call (sigsuspend, ppoll, pselect, epoll_pwait).
    func setTemporaryMask(_ mask: UInt64) {
        if savedMask == nil { savedMask = signals.mask }
        setMask(mask)
    }
}
