import Glibc
import GuestMemory
import Synchronization

/// The guest's timers: setitimer(2), alarm(2) and timer_create(2).
///
/// All state is plain records in guest time under one lock, which is a leaf but at a checkpoint. A helper
/// thread, started by the first timer that is set, sleeps until the nearest end and sends the signals, never
/// under the lock. Who changes a timer waits until no signal is on its way, so that none arrives after.
final class TimerService: Sendable {
    struct State {
        var timers: [Int32: SignalTimer] = [:]
        var nextIdentity: Int32 = 0
        var isHelperStarted = false
        /// When the helper looks next, in guest monotonic time; a timer that ends sooner wakes it.
        var nextLookNanoseconds: UInt64 = 0
        /// At a checkpoint: no end is taken out of a record.
        var isHeld = false
    }

    /// As RLIMIT_SIGPENDING, which bounds timers in the kernel.
    static let timerCountMax = 8192

    let state = Mutex(State())
    /// Changes when the helper is to look again.
    let wakeWord = Atomic<UInt32>(0)
    /// Odd while the helper has taken ends out of the records and their signals are not all sent; goes up each time
    /// that it begins and is done.
    let firings = Atomic<UInt32>(0)

    /// execve(2): timers of timer_create(2) are gone, those of setitimer(2) stay.
    func forgetCreated() {
        state.withLock { state in state.timers = state.timers.filter { $0.key < 0 } }
        settle()
    }

    // MARK: - timer_create and its like

    /// Gives a timer its number; nil when there are too many.
    func add(_ record: SignalTimer) -> Int32? {
        state.withLock { state in
            guard state.timers.count < TimerService.timerCountMax else { return nil }
            var record = record
            while state.timers[state.nextIdentity] != nil { state.advanceIdentity() }
            record.identity = state.nextIdentity
            state.advanceIdentity()
            state.timers[record.identity] = record
            return record.identity
        }
    }

    func find(_ identity: Int32) -> SignalTimer? {
        state.withLock { $0.timers[identity] }
    }

    func setValue(of identity: Int32, _ value: UInt64) {
        state.withLock { $0.timers[identity]?.value = value }
    }

    /// Takes a timer out; false when there is none.
    func remove(_ identity: Int32) -> Bool {
        let isRemoved = state.withLock { $0.timers.removeValue(forKey: identity) != nil }
        if isRemoved { settle() }
        return isRemoved
    }

    /// Sets when a timer ends, and returns what it was before: EINVAL when it has been deleted meanwhile.
    ///
    /// It is switched off first, and its signals are out of the way before it can end again.
    func arm(
        _ kernel: GuestKernel, _ record: SignalTimer, deadlineNanoseconds: UInt64?, intervalNanoseconds: UInt64
    ) -> Result<SignalTimer, CallError> {
        let isWatched = deadlineNanoseconds != nil && record.target != .nobody
        if isWatched, startHelper(kernel) != 0 { return .failure(CallError(errno: EAGAIN)) }
        guard let old = disarm(record) else { return .failure(CallError(errno: EINVAL)) }
        settle()
        if record.identity >= 0 { kernel.discardTimerSignals(record.identity) }
        guard let deadlineNanoseconds else { return .success(old) }
        let isSooner = state.withLock { state in
            state.timers[record.identity]?.deadlineNanoseconds = deadlineNanoseconds
            state.timers[record.identity]?.intervalNanoseconds = intervalNanoseconds
            return record.clock != .monotonic || deadlineNanoseconds < state.nextLookNanoseconds
        }
        if isWatched, isSooner { wakeHelper() }
        return .success(old)
    }

    /// Switches a timer off and returns what it was. Those of setitimer(2) are there without being made.
    private func disarm(_ record: SignalTimer) -> SignalTimer? {
        state.withLock { state in
            let isOfProcess = record.identity < 0
            guard let old = state.timers[record.identity] ?? (isOfProcess ? record : nil) else { return nil }
            var new = old
            new.deadlineNanoseconds = nil
            new.intervalNanoseconds = 0
            new.takenOverrun = 0
            state.timers[record.identity] = new
            return old
        }
    }

    /// The signal of a timer has been taken: it stands for every end until now, also those that the helper has not
    /// come to yet (posixtimer_deliver_signal in kernel/time/posix-timers.c).
    func signalTaken(_ info: inout SignalInfo, monotonicNanoseconds now: UInt64) {
        let taken = info
        info = state.withLock { state in
            guard var timer = state.timers[taken.timerIdentity] else { return taken }
            var info = taken
            if timer.clock == .monotonic, timer.intervalNanoseconds > 0, let missed = timer.expire(now: now) {
                info.absorb(timer.signalInfo(missed: missed))
            }
            timer.takenOverrun = info.timerOverrun
            state.timers[taken.timerIdentity] = timer
            return info
        }
    }

    /// Waits until no signal is on its way of what has ended before. Short: the helper waits for no guest thread. What
    /// ends from now on is not waited for: timers that end all the time would leave no moment without a signal.
    func settle() {
        let seen = firings.load(ordering: .sequentiallyConsistent)
        if seen & 1 == 0 { return }
        while firings.load(ordering: .sequentiallyConsistent) == seen { HostFutex.wait(firings, while: seen) }
    }

    private func wakeHelper() {
        wakeWord.wrappingAdd(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(wakeWord)
    }

    /// Starts the helper if it does not run yet. 0 or an errno.
    func startHelper(_ kernel: GuestKernel) -> Int32 {
        let mustStart = state.withLock { state in
            if state.isHelperStarted { return false }
            state.isHelperStarted = true
            return true
        }
        guard mustStart else { return 0 }
        let result = HostThread.start(mask: HostSignals.helperMask) {
            var helper = TimerHelper(kernel: kernel)
            helper.run()
        }
        if result != 0 { state.withLock { $0.isHelperStarted = false } }
        return result
    }
}

extension TimerService.State {
    /// Numbers go up and are used again only after all others, as the kernel gives them out.
    fileprivate mutating func advanceIdentity() {
        nextIdentity = nextIdentity == Int32.max ? 0 : nextIdentity + 1
    }
}
