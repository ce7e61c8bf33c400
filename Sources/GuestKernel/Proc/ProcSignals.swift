import Glibc

/// Signal sets as stat and status show them.
struct ProcSignals {
    var pending: UInt64 = 0
    var sharedPending: UInt64 = 0
    var blocked: UInt64 = 0
    var ignored: UInt64 = 0
    var caught: UInt64 = 0
    var queuedCount = 0
    var isStopped = false

    init(_ kernel: GuestKernel, _ thread: GuestThread) {
        self = kernel.signals.state.withLock { state in
            var signals = ProcSignals()
            signals.pending = thread.signals.pending.set
            signals.sharedPending = state.shared.set
            signals.blocked = thread.signals.mask
            signals.queuedCount = state.shared.queue.count + thread.signals.pending.queue.count
            signals.isStopped = state.isStopped
            for signal in 1...SignalSet.count {
                switch state.actions[Int(signal)].handler {
                case SignalAction.defaultHandler: break
                case SignalAction.ignoreHandler: signals.ignored |= SignalSet.bit(signal)
                default: signals.caught |= SignalSet.bit(signal)
                }
            }
            return signals
        }
    }

    private init() {}

    /// The state's letter: a thread in a call that waits sleeps, any other runs.
    func stateLetter(_ thread: GuestThread) -> String {
        if isStopped { return "T" }
        let phase = thread.phase.load(ordering: .relaxed)
        return phase == ThreadPhase.waiting ? "S" : "R"
    }
}
