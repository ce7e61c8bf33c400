import CGuestEntry
import Glibc
import GuestMemory

/// timerfd_create(2): a timerfd of the host's under a record in guest time.
enum TimerFile {
    static let absoluteFlag: Int32 = 1
    static let cancelOnSetFlag: Int32 = 2

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
        let offset = thread.kernel.clock.offsetNanoseconds(of: clock)
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
        let start = isAbsolute || value == 0 ? 0 : GuestClock.hostNanoseconds(of: clock) + offset
        let (expiry, overflow) = start.addingReportingOverflow(value)
        file.transfers.set()
        file.record.withLock { record in
            var timer = TimerRecord(clock: clock)
            timer.expiryNanoseconds = UInt64(overflow ? Int64.max : expiry)
            timer.intervalNanoseconds = UInt64(guestSetting.it_interval.nanoseconds)
            timer.isCancelledOnSet = flags & cancelOnSetFlag != 0
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
}

extension TimerFile {
    /// Brings the record up to what the host's timer has come to; for a checkpoint.
    static func settle(_ file: FileDescription, _ clock: GuestClock) {
        guard case .timer(let old) = file.record.current else { return }
        var setting = itimerspec()
        // Before the expiries: one that comes in between is counted then, and not lost.
        hostCall(__NR_timerfd_gettime, UInt64(signed: file.hostFD), UInt64(address: &setting))
        let left = setting.it_value.nanoseconds
        var timer = old
        let now = GuestClock.hostNanoseconds(of: old.clock) + clock.offsetNanoseconds(of: old.clock)
        let (expiry, overflow) = now.addingReportingOverflow(left)
        timer.expiryNanoseconds = left == 0 ? 0 : UInt64(overflow ? Int64.max : max(1, expiry))
        timer.unreadTicks = 0
        var entry = pollfd(fd: file.hostFD, events: Int16(POLLIN), revents: 0)
        if hostCall(__NR_poll, UInt64(address: &entry), 1, 0) > 0 {
            timer.unreadTicks = DescriptorInformation(file.hostFD).value(of: "ticks", radix: 10) ?? 0
        }
        if timer != old { file.record.withLock { $0 = .timer(timer) } }
    }

    /// A host timer that goes on with what the record says; nil when the host is out of descriptors.
    static func make(_ timer: TimerRecord, _ clock: GuestClock) -> Int32? {
        let hostFD = hostCall(
            __NR_timerfd_create, UInt64(signed: timer.clock), UInt64(signed: O_CLOEXEC | O_NONBLOCK))
        if hostFD < 0 { return nil }
        guard let start = timer.startNanoseconds else { return Int32(hostFD) }
        var setting = itimerspec()
        let (onHost, overflow) = start.subtractingReportingOverflow(clock.offsetNanoseconds(of: timer.clock))
        // Never 0, which disarms: a time that lies before the host's clock began is in the past all the same.
        setting.it_value = timespec(nanoseconds: overflow ? UInt64(Int64.max) : UInt64(max(1, onHost)))
        setting.it_interval = timespec(nanoseconds: timer.intervalNanoseconds)
        let flags = absoluteFlag | (timer.isCancelledOnSet ? cancelOnSetFlag : 0)
        hostCall(
            __NR_timerfd_settime, UInt64(hostFD), UInt64(signed: flags), UInt64(address: &setting), 0)
        return Int32(hostFD)
    }
}

extension TimerRecord {
    /// When a timer has to begin, in guest time, to have expired as often and to expire next when the record says; nil
    /// for one that is not armed and has nothing to tell.
    fileprivate var startNanoseconds: Int64? {
        if expiryNanoseconds > 0, unreadTicks == 0 { return Int64(expiryNanoseconds) }
        if unreadTicks == 0 { return nil }
        guard intervalNanoseconds > 0, expiryNanoseconds > 0 else { return 1 }
        let (span, overflow) = unreadTicks.multipliedReportingOverflow(by: intervalNanoseconds)
        if overflow || span >= expiryNanoseconds { return 1 }
        return Int64(expiryNanoseconds - span)
    }
}

extension timespec {
    /// As timespec64_valid in the kernel.
    fileprivate var isNormalised: Bool { tv_sec >= 0 && tv_nsec >= 0 && tv_nsec < 1_000_000_000 }

    /// Saturates; the value is normalised.
    var nanoseconds: Int64 {
        Int64(clamping: GuestClock.nanoseconds(seconds: UInt64(tv_sec), UInt64(tv_nsec)))
    }
}
