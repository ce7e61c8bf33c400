import Glibc
import GuestMemory

/// timer_create(2) and what works on its timers.
enum TimerCalls {
    /// struct sigevent's fields; the rest of its 64 bytes are for libc.
    private struct Event: BitwiseCopyable {
        var value: UInt64
        var signal: Int32
        var notify: Int32
        var tid: Int32
    }

    private enum Notify {
        static let signal: Int32 = 0
        static let none: Int32 = 1
        static let thread: Int32 = 2
        static let threadIdentity: Int32 = 4
    }

    private static let absoluteFlag: UInt64 = 1

    // MARK: - Creating and deleting

    static func create(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let clockIdentity = Int32(truncatingIfNeeded: arguments.a)
        let clock: TimerClock
        switch timerClock(clockIdentity, thread) {
        case .success(let found): clock = found
        case .failure(let error): return failed(error.errno)
        }
        var record = SignalTimer(
            identity: 0, clockIdentity: clockIdentity, clock: clock, target: .process, signal: SIGALRM)
        if arguments.b != 0 {
            guard let event = GuestAccess.load(Event.self, at: arguments.b) else { return failed(EFAULT) }
            guard let target = target(event, thread) else { return failed(EINVAL) }
            record.target = target
            record.signal = event.signal
            record.value = event.value
        }
        let timers = thread.kernel.timers
        guard let identity = timers.add(record) else { return failed(EAGAIN) }
        // Without a sigevent the signal carries the timer's own number.
        if arguments.b == 0 { timers.setValue(of: identity, UInt64(identity)) }
        if !GuestAccess.store(identity, at: arguments.c) {
            _ = timers.remove(identity)
            return failed(EFAULT)
        }
        return 0
    }

    private static func timerClock(_ clock: Int32, _ thread: GuestThread) -> Result<TimerClock, CallError> {
        switch clock {
        case CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, ClockIdentity.tai: return .success(.monotonic)
        case CLOCK_PROCESS_CPUTIME_ID: return .success(.process)
        case CLOCK_THREAD_CPUTIME_ID: return .success(.thread(thread.tid))
        default: break
        }
        guard ClockIdentity.host(clock, thread) != nil else { return .failure(CallError(errno: EINVAL)) }
        guard let named = ClockIdentity.ProcessorClock(clock) else { return .failure(CallError(errno: EOPNOTSUPP)) }
        if named.isThreads { return .success(.thread(named.task == 0 ? thread.tid : named.task)) }
        guard named.task == 0 || named.task == thread.kernel.identity.pid else {
            return .failure(CallError(errno: EINVAL))
        }
        let isUserTime = named.which == ClockIdentity.ProcessorClock.userTime
        return .success(isUserTime ? .processUser : .process)
    }

    /// Nil for EINVAL: good_sigevent in kernel/time/posix-timers.c.
    private static func target(_ event: Event, _ thread: GuestThread) -> TimerTarget? {
        if event.notify == Notify.none { return .nobody }
        guard event.signal > 0, event.signal <= SignalSet.count else { return nil }
        switch event.notify {
        case Notify.signal, Notify.thread:
            return .process
        case Notify.threadIdentity:
            return thread.kernel.threads.find(tid: event.tid) == nil ? nil : .thread(event.tid)
        default:
            return nil
        }
    }

    static func delete(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let identity = Int32(truncatingIfNeeded: arguments.a)
        guard identity >= 0, thread.kernel.timers.remove(identity) else { return failed(EINVAL) }
        thread.kernel.discardTimerSignals(identity)
        return 0
    }

    // MARK: - Setting and reading

    /// struct itimerspec.
    private struct Setting: BitwiseCopyable {
        var interval: timespec
        var value: timespec
    }

    static func setTime(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        guard arguments.c != 0 else { return failed(EINVAL) }
        let interval: UInt64
        let value: UInt64
        switch (GuestClock.loadTime(at: arguments.c), GuestClock.loadTime(at: arguments.c &+ 16)) {
        case (.success(let first), .success(let second)): (interval, value) = (first, second)
        case (.failure(let error), _), (_, .failure(let error)): return failed(error.errno)
        }
        guard let record = find(arguments.a, kernel) else { return failed(EINVAL) }
        let isAbsolute = arguments.b & absoluteFlag != 0
        let deadline = value == 0 ? nil : deadline(kernel, record, value, isAbsolute: isAbsolute)
        let armed = kernel.timers.arm(
            kernel, record, deadlineNanoseconds: deadline, intervalNanoseconds: interval)
        switch armed {
        case .failure(let error):
            return failed(error.errno)
        case .success(let old):
            return arguments.d == 0 || show(kernel, old, at: arguments.d) ? 0 : failed(EFAULT)
        }
    }

    private static func deadline(
        _ kernel: GuestKernel, _ record: SignalTimer, _ value: UInt64, isAbsolute: Bool
    ) -> UInt64 {
        if !isAbsolute {
            let now = kernel.nanoseconds(of: record.clock) ?? 0
            return min(now.addingSaturated(value), UInt64(Int64.max))
        }
        if record.clock != .monotonic { return value }
        return kernel.clock.deadline(at: value, of: record.clockIdentity) ?? value
    }

    static func getTime(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let record = find(arguments.a, thread.kernel) else { return failed(EINVAL) }
        return show(thread.kernel, record, at: arguments.b) ? 0 : failed(EFAULT)
    }

    static func getOverrun(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let record = find(arguments.a, thread.kernel) else { return failed(EINVAL) }
        return Int(record.takenOverrun)
    }

    private static func find(_ argument: UInt64, _ kernel: GuestKernel) -> SignalTimer? {
        let identity = Int32(truncatingIfNeeded: argument)
        return identity >= 0 ? kernel.timers.find(identity) : nil
    }

    private static func show(_ kernel: GuestKernel, _ record: SignalTimer, at address: UInt64) -> Bool {
        let left = record.remaining(now: kernel.nanoseconds(of: record.clock) ?? 0)
        let setting = Setting(
            interval: timespec(nanoseconds: record.intervalNanoseconds), value: timespec(nanoseconds: left))
        return GuestAccess.store(setting, at: address)
    }
}
