import Glibc

/// Signals that were sent and not yet taken: of a thread, or shared by the process.
struct PendingSignals: Sendable, Equatable {
    /// Bit n-1 is set when at least one signal n waits.
    private(set) var set: UInt64 = 0
    private(set) var queue: [SignalInfo] = []

    /// As RLIMIT_SIGPENDING: beyond it real-time signals are refused.
    static let queueCountMax = 8192

    /// False when the queue is full and the signal is one that queues.
    mutating func add(_ info: SignalInfo) -> Bool {
        let bit = SignalSet.bit(info.signal)
        let isTimers = info.code == SignalInfo.timerCode
        if isTimers {
            // A timer has one signal in the queue, which counts further ends (posixtimer_send_sigqueue).
            if let index = queue.firstIndex(where: { $0.isSameTimer(as: info) }) {
                queue[index].absorb(info)
                return true
            }
        } else if info.signal < SignalSet.firstRealTime, set & bit != 0 {
            return true
        }
        let isQueued = isTimers || info.signal >= SignalSet.firstRealTime
        if isQueued, queue.count >= PendingSignals.queueCountMax {
            // Plain kill(2) is never refused: the signal is pending, without its particulars.
            guard info.code == 0 else { return false }
            set |= bit
            return true
        }
        set |= bit
        queue.append(info)
        return true
    }

    /// Takes the first signal within `wanted`: synchronous ones first, then the lowest number.
    mutating func take(from wanted: UInt64) -> SignalInfo? {
        let candidates = set & wanted
        if candidates == 0 { return nil }
        let preferred = candidates & SignalSet.synchronous
        let signal = Int32((preferred != 0 ? preferred : candidates).trailingZeroBitCount) + 1
        guard let index = queue.firstIndex(where: { $0.signal == signal }) else {
            set &= ~SignalSet.bit(signal)
            return SignalInfo.sent(signal: signal, code: 0, pid: 0, uid: 0)
        }
        let info = queue.remove(at: index)
        if !queue.contains(where: { $0.signal == signal }) { set &= ~SignalSet.bit(signal) }
        return info
    }

    mutating func discard(_ signals: UInt64) {
        if set & signals == 0 { return }
        set &= ~signals
        queue.removeAll { signals & SignalSet.bit($0.signal) != 0 }
    }

    /// Takes a timer's signal out.
    mutating func discardTimer(_ identity: Int32) {
        let isOf: (SignalInfo) -> Bool = { $0.code == SignalInfo.timerCode && $0.timerIdentity == identity }
        guard queue.contains(where: isOf) else { return }
        queue.removeAll(where: isOf)
        set = queue.reduce(0) { $0 | SignalSet.bit($1.signal) }
    }
}

/// A thread's own signal state; guarded by the signal table's lock.
struct ThreadSignals: Sendable, Equatable {
    var mask: UInt64 = 0
    var pending = PendingSignals()
    /// Blocked signals that the thread waits for (sigtimedwait); one of these wakes it.
    var awaited: UInt64 = 0
}

/// sigaltstack(2).
struct AlternateStack: Sendable, BitwiseCopyable {
    var base: UInt64 = 0
    var byteCount: UInt64 = 0
    /// SS_DISABLE unless set; SS_AUTODISARM may be.
    var flags: UInt32 = 2

    static let disabled: UInt32 = 2
    static let onStack: UInt32 = 1
    static let autodisarm: UInt32 = 1 << 31

    func contains(_ stackPointer: UInt64) -> Bool {
        if flags & AlternateStack.autodisarm != 0 { return false }
        return byteCount > 0 && stackPointer > base && stackPointer - base <= byteCount
    }

    /// A stack as sigaltstack(2) takes it.
    static func checked(base: UInt64, byteCount: UInt64, flags: UInt32) -> Result<AlternateStack, CallError> {
        switch flags & ~autodisarm {
        case disabled:
            return .success(AlternateStack())
        case 0, onStack:
            // MINSIGSTKSZ.
            guard byteCount >= 2048 else { return .failure(CallError(errno: ENOMEM)) }
            return .success(AlternateStack(base: base, byteCount: byteCount, flags: flags & autodisarm))
        default:
            return .failure(CallError(errno: EINVAL))
        }
    }

    var isEnabled: Bool { byteCount > 0 && flags & AlternateStack.disabled == 0 }
}
