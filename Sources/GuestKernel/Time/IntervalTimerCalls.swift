import Glibc
import GuestMemory

/// setitimer(2), getitimer(2) and alarm(2): three timers that the process has from the start.
enum IntervalTimerCalls {
    /// How many there are; their identities are -1 and down.
    static let count = 3

    /// struct itimerval.
    private struct Setting: BitwiseCopyable {
        var interval: timeval
        var value: timeval
    }

    static func set(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        guard let record = record(arguments.a) else { return failed(EINVAL) }
        var setting = Setting(interval: timeval(), value: timeval())
        if arguments.b != 0 {
            guard let given = GuestAccess.load(Setting.self, at: arguments.b) else { return failed(EFAULT) }
            setting = given
        }
        guard let interval = nanoseconds(setting.interval), let value = nanoseconds(setting.value) else {
            return failed(EINVAL)
        }
        switch arm(kernel, record, value: value, interval: interval) {
        case .failure(let error):
            return failed(error.errno)
        case .success(let old):
            if arguments.c == 0 { return 0 }
            return GuestAccess.store(old, at: arguments.c) ? 0 : failed(EFAULT)
        }
    }

    static func get(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let kernel = thread.kernel
        guard let record = record(arguments.a) else { return failed(EINVAL) }
        let current = kernel.timers.find(record.identity) ?? record
        let setting = shown(current, now: kernel.nanoseconds(of: current.clock) ?? 0)
        return GuestAccess.store(setting, at: arguments.b) ? 0 : failed(EFAULT)
    }

    static func alarm(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let record = record(0) else { return failed(EINVAL) }
        let seconds = UInt64(UInt32(truncatingIfNeeded: arguments.a))
        switch arm(thread.kernel, record, value: seconds * 1_000_000_000, interval: 0) {
        case .failure(let error):
            return failed(error.errno)
        case .success(let old):
            // Rounded, but never to 0 while an alarm was set (alarm_setitimer in kernel/time/itimer.c).
            let isRoundedUp = old.value.tv_usec >= 500_000 || old.value.tv_sec == 0 && old.value.tv_usec > 0
            return old.value.tv_sec + (isRoundedUp ? 1 : 0)
        }
    }

    private static func arm(
        _ kernel: GuestKernel, _ record: SignalTimer, value: UInt64, interval: UInt64
    ) -> Result<Setting, CallError> {
        let now = kernel.nanoseconds(of: record.clock) ?? 0
        let deadline = value == 0 ? nil : min(now.addingSaturated(value), UInt64(Int64.max))
        return kernel.timers.arm(kernel, record, deadlineNanoseconds: deadline, intervalNanoseconds: interval)
            .map { shown($0, now: now) }
    }

    /// ITIMER_REAL, ITIMER_VIRTUAL and ITIMER_PROF; each not armed, as they are at the start.
    private static func record(_ which: UInt64) -> SignalTimer? {
        switch Int32(truncatingIfNeeded: which) {
        case 0:
            SignalTimer(
                identity: -1, clockIdentity: CLOCK_MONOTONIC, clock: .monotonic, target: .process, signal: SIGALRM)
        case 1:
            SignalTimer(
                identity: -2, clockIdentity: CLOCK_PROCESS_CPUTIME_ID, clock: .processUser, target: .process,
                signal: SIGVTALRM)
        case 2:
            SignalTimer(
                identity: -3, clockIdentity: CLOCK_PROCESS_CPUTIME_ID, clock: .process, target: .process,
                signal: SIGPROF)
        default: nil
        }
    }

    private static func shown(_ record: SignalTimer, now: UInt64) -> Setting {
        // Less than a microsecond is shown as one: 0 would say that the timer is off.
        let left = record.remaining(now: now)
        return Setting(
            interval: timeval(nanoseconds: record.intervalNanoseconds),
            value: timeval(nanoseconds: left == 0 ? 0 : max(left, 1000)))
    }

    private static func nanoseconds(_ time: timeval) -> UInt64? {
        guard time.tv_sec >= 0, time.tv_usec >= 0, time.tv_usec < 1_000_000 else { return nil }
        return GuestClock.nanoseconds(seconds: UInt64(time.tv_sec), UInt64(time.tv_usec) * 1000)
    }
}

extension timeval {
    init(nanoseconds: UInt64) {
        self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_usec: Int(nanoseconds % 1_000_000_000 / 1000))
    }
}

extension UInt64 {
    /// The sum, or the greatest value where that overflows.
    func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
