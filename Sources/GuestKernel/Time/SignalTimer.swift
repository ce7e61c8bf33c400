/// What a timer counts.
enum TimerClock: Sendable, Hashable {
    /// The guest's monotonic time. Timers on other clocks that never stand still count by it as well.
    case monotonic
    /// Processor time of all threads.
    case process
    /// The same, in user code only.
    case processUser
    /// Processor time of the guest's thread with this id.
    case thread(Int32)
}

/// Who hears of a timer's end.
enum TimerTarget: Sendable, Equatable {
    case nobody
    case process
    /// The guest's thread with this id.
    case thread(Int32)
}

/// One timer, as a plain value from which it can be built anew elsewhere (architecture §4).
struct SignalTimer: Sendable {
    /// The guest's number for it; negative for those of setitimer(2).
    var identity: Int32
    /// The guest's clockid_t, by which absolute times are meant.
    var clockIdentity: Int32
    var clock: TimerClock
    var target: TimerTarget
    var signal: Int32
    /// sigev_value.
    var value: UInt64 = 0
    /// When it ends next, in its clock's time; nil while it is not armed.
    var deadlineNanoseconds: UInt64?
    /// 0 for a timer that ends once.
    var intervalNanoseconds: UInt64 = 0
    /// Ends that the signal taken last stood for, besides its own: timer_getoverrun(2).
    var takenOverrun: Int32 = 0

    /// Moves on past `now`, keeping the phase. Returns how many further ends were missed; nil when it has not ended.
    mutating func expire(now: UInt64) -> Int32? {
        guard let deadline = deadlineNanoseconds, deadline <= now else { return nil }
        guard intervalNanoseconds > 0 else {
            deadlineNanoseconds = nil
            return 0
        }
        let missed = (now - deadline) / intervalNanoseconds
        deadlineNanoseconds = min(deadline &+ (missed + 1) &* intervalNanoseconds, UInt64(Int64.max))
        return Int32(min(missed, UInt64(Int32.max)))
    }

    /// What timer_gettime(2) and getitimer(2) show: never 0 for one whose signal is still to come.
    func remaining(now: UInt64) -> UInt64 {
        guard let deadline = deadlineNanoseconds else { return 0 }
        if deadline > now { return deadline - now }
        if intervalNanoseconds > 0 { return intervalNanoseconds - (now - deadline) % intervalNanoseconds }
        return target == .nobody ? 0 : 1
    }

    /// The signal for an end, with those that were missed since.
    func signalInfo(missed: Int32) -> SignalInfo {
        if identity < 0 { return .fromKernel(signal: signal) }
        return .timer(signal: signal, identity: identity, overrun: missed, value: value)
    }
}
