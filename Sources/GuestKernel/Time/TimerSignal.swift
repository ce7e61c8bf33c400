import Glibc

/// A POSIX timer's signal carries the timer's number and the ends that it stands for.
extension SignalInfo {
    static let timerCode: Int32 = -2  // SI_TIMER

    var timerIdentity: Int32 {
        Int32(truncatingIfNeeded: field0)
    }

    var timerOverrun: Int32 {
        get { Int32(truncatingIfNeeded: field0 >> 32) }
        set { field0 = field0 & 0xffff_ffff | UInt64(UInt32(bitPattern: newValue)) << 32 }
    }

    /// Whether both are of one timer.
    func isSameTimer(as other: SignalInfo) -> Bool {
        code == SignalInfo.timerCode && other.code == code && other.signal == signal
            && other.timerIdentity == timerIdentity
    }

    /// Takes the end that `later` is of upon this one: DELAYTIMER_MAX is INT_MAX.
    mutating func absorb(_ later: SignalInfo) {
        let sum = Int64(timerOverrun) + Int64(later.timerOverrun) + 1
        timerOverrun = Int32(clamping: sum)
    }
}

extension GuestKernel {
    /// A signal has been taken by a thread: a timer's says how many ends it stands for.
    func signalTaken(_ info: inout SignalInfo) {
        guard info.code == SignalInfo.timerCode else { return }
        timers.signalTaken(&info, monotonicNanoseconds: clock.monotonicNanoseconds())
    }

    /// Discards what a timer sent before it was set anew or deleted, as kernels from 6.12 on do.
    func discardTimerSignals(_ identity: Int32) {
        signals.state.withLock { state in
            state.shared.discardTimer(identity)
            threads.visit { $0.signals.pending.discardTimer(identity) }
            state.lowerWatchers(self)
        }
    }

    /// Sends a timer's signal, unless the thread that it is for has ended.
    func sendTimerSignal(_ info: SignalInfo, _ target: TimerTarget) {
        switch target {
        case .nobody: break
        case .process: sendToProcess(info)
        case .thread(let tid):
            if let thread = threads.find(tid: tid) { send(info, to: thread) }
        }
    }
}
