import CGuestEntry
import Glibc
import GuestMemory

/// timerfd_create(2): a timerfd of the host's under a record in guest time.
enum TimerFile {
    private static let absoluteFlag: Int32 = 1
    private static let cancelOnSetFlag: Int32 = 2

    static func create(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let clock = Int32(truncatingIfNeeded: arguments.a)
        let flags = Int32(truncatingIfNeeded: arguments.b)
        guard flags & ~(O_CLOEXEC | O_NONBLOCK) == 0 else { return failed(EINVAL) }
        let hostFD = hostCall(__NR_timerfd_create, UInt64(signed: clock), UInt64(signed: O_CLOEXEC | O_NONBLOCK))
        if hostFD < 0 { return hostFD }
        let file = FileDescription(
            kind: .timer, hostFD: Int32(hostFD), statusFlags: O_RDWR | flags & O_NONBLOCK,
            record: .timer(TimerRecord(clock: clock)))
        return thread.kernel.files.add(file, closesOnExec: flags & O_CLOEXEC != 0)
    }

    static func setTime(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = Int32(truncatingIfNeeded: arguments.b)
        guard let guestSetting = GuestAccess.load(itimerspec.self, at: arguments.c) else { return failed(EFAULT) }
        guard flags & ~(absoluteFlag | cancelOnSetFlag) == 0 else { return failed(EINVAL) }
        guard guestSetting.it_value.isNormalised, guestSetting.it_interval.isNormalised else {
            return failed(EINVAL)
        }
        let (file, clock): (FileDescription, Int32)
        switch find(thread, arguments.a) {
        case .failure(let error): return failed(error.errno)
        case .success(let found): (file, clock) = found
        }
        let offset = offsetNanoseconds(thread, clock)
        var setting = guestSetting
        let isAbsolute = flags & absoluteFlag != 0
        let value = guestSetting.it_value.nanoseconds
        if isAbsolute, value > 0 {
            // A time that lies before the host's clock began is in the past all the same: never 0, which disarms.
            setting.it_value = timespec(nanoseconds: UInt64(max(1, value - offset)))
        }
        var old = itimerspec()
        let result = hostCall(
            __NR_timerfd_settime, UInt64(signed: file.hostFD), UInt64(signed: flags), UInt64(address: &setting),
            UInt64(address: &old))
        if result < 0 { return result }
        let start = isAbsolute || value == 0 ? 0 : now(clock) + offset
        let (expiry, overflow) = start.addingReportingOverflow(value)
        file.record.withLock { record in
            var timer = TimerRecord(clock: clock)
            timer.expiryNanoseconds = UInt64(overflow ? Int64.max : expiry)
            timer.intervalNanoseconds = UInt64(guestSetting.it_interval.nanoseconds)
            record = .timer(timer)
        }
        if arguments.d != 0, !GuestAccess.store(old, at: arguments.d) { return failed(EFAULT) }
        return result
    }

    static func getTime(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        switch find(thread, arguments.a) {
        case .failure(let error): return failed(error.errno)
        case .success(let (file, _)):
            // The time left, which is the same on both clocks.
            var setting = itimerspec()
            let result = hostCall(__NR_timerfd_gettime, UInt64(signed: file.hostFD), UInt64(address: &setting))
            if result < 0 { return result }
            return GuestAccess.store(setting, at: arguments.b) ? 0 : failed(EFAULT)
        }
    }

    private static func find(
        _ thread: GuestThread, _ descriptor: UInt64
    ) -> Result<(FileDescription, clock: Int32), CallError> {
        guard let file = thread.kernel.files.find(descriptor) else { return .failure(CallError(errno: EBADF)) }
        let clock = file.record.withLock { record -> Int32? in
            if case .timer(let timer) = record { return timer.clock }
            return nil
        }
        guard let clock else { return .failure(CallError(errno: EINVAL)) }
        return .success((file, clock))
    }

    /// Guest time minus the host's: only what counts from the machine's start differs.
    private static func offsetNanoseconds(_ thread: GuestThread, _ clock: Int32) -> Int64 {
        let isRealtime = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM
        return isRealtime ? 0 : thread.kernel.clock.monotonicOffsetNanoseconds
    }

    private static func now(_ clock: Int32) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return time.nanoseconds
    }
}

extension timespec {
    /// As timespec64_valid in the kernel.
    fileprivate var isNormalised: Bool { tv_sec >= 0 && tv_nsec >= 0 && tv_nsec < 1_000_000_000 }

    /// Saturates; the value is normalised.
    fileprivate var nanoseconds: Int64 {
        Int64(clamping: GuestClock.nanoseconds(seconds: UInt64(tv_sec), UInt64(tv_nsec)))
    }
}
