import CGuestEntry
import Glibc
import GuestMemory

/// The guest's clocks. Virtual, so that monotonic time goes on in a mirror whose own clock
/// started elsewhere; on the primary the offsets are 0.
public final class GuestClock: Sendable {
    /// Guest monotonic time minus the host's.
    public let monotonicOffsetNanoseconds: Int64
    /// The same of CLOCK_BOOTTIME, which two machines are ahead of their monotonic time by what each has slept.
    let boottimeOffsetNanoseconds: Int64
    /// The same of CLOCK_MONOTONIC_RAW, which no machine's time keeping has put right.
    let rawOffsetNanoseconds: Int64
    /// Processor time that the guest has used minus what this process has, and the same in user code only.
    let processorOffsetNanoseconds: Int64
    let userOffsetNanoseconds: Int64

    public init() {
        monotonicOffsetNanoseconds = 0
        boottimeOffsetNanoseconds = 0
        rawOffsetNanoseconds = 0
        processorOffsetNanoseconds = 0
        userOffsetNanoseconds = 0
    }

    /// Goes on from what the clocks showed at the checkpoint. What has passed since is not counted: the clocks of two
    /// machines cannot tell how long that was, and a guest that was stopped for a moment sees the same.
    init(from record: ClockRecord) {
        monotonicOffsetNanoseconds = record.monotonicNanoseconds - GuestClock.hostNanoseconds(of: CLOCK_MONOTONIC)
        boottimeOffsetNanoseconds = record.boottimeNanoseconds - GuestClock.hostNanoseconds(of: CLOCK_BOOTTIME)
        rawOffsetNanoseconds = record.rawNanoseconds - GuestClock.hostNanoseconds(of: CLOCK_MONOTONIC_RAW)
        processorOffsetNanoseconds =
            record.processorNanoseconds - GuestClock.hostNanoseconds(of: CLOCK_PROCESS_CPUTIME_ID)
        userOffsetNanoseconds = record.userNanoseconds - GuestClock.hostUserNanoseconds()
    }

    static func hostNanoseconds(of clock: Int32) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Processor time of this process in user code.
    static func hostUserNanoseconds() -> Int64 {
        var usage = rusage()
        hostCall(__NR_getrusage, UInt64(signed: RUSAGE_SELF.rawValue), UInt64(address: &usage))
        return Int64(usage.ru_utime.tv_sec) * 1_000_000_000 + Int64(usage.ru_utime.tv_usec) * 1000
    }

    /// CLOCK_MONOTONIC as the guest sees it. By the host's vDSO: no kernel entry.
    public func monotonicNanoseconds() -> UInt64 {
        UInt64(GuestClock.hostNanoseconds(of: CLOCK_MONOTONIC) + monotonicOffsetNanoseconds)
    }

    public func realtimeNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The deadline for a relative timeout that lies in guest memory as a struct timespec.
    func deadline(afterTimeoutAt address: UInt64) -> Result<UInt64, CallError> {
        switch GuestClock.loadTime(at: address) {
        case .failure(let error): return .failure(error)
        case .success(let nanoseconds): return .success(deadline(after: nanoseconds))
        }
    }

    /// The deadline `nanoseconds` from now; far enough in the future where that overflows.
    func deadline(after nanoseconds: UInt64) -> UInt64 {
        let (sum, overflow) = monotonicNanoseconds().addingReportingOverflow(nanoseconds)
        return overflow ? UInt64(Int64.max) : min(sum, UInt64(Int64.max))
    }

    /// The monotonic deadline for an absolute CLOCK_REALTIME time.
    func deadline(atRealtime nanoseconds: UInt64) -> UInt64 {
        let now = realtimeNanoseconds()
        return nanoseconds > now ? deadline(after: nanoseconds - now) : monotonicNanoseconds()
    }

    /// Reads a struct timespec as nanoseconds; EINVAL for one that is not normalised, as in the kernel.
    static func loadTime(at address: UInt64) -> Result<UInt64, CallError> {
        guard let time = GuestAccess.load(timespec.self, at: address) else {
            return .failure(CallError(errno: EFAULT))
        }
        guard time.tv_sec >= 0, time.tv_nsec >= 0, time.tv_nsec < 1_000_000_000 else {
            return .failure(CallError(errno: EINVAL))
        }
        return .success(nanoseconds(seconds: UInt64(time.tv_sec), UInt64(time.tv_nsec)))
    }

    /// Saturates instead of overflowing, as ktime_t does.
    static func nanoseconds(seconds: UInt64, _ rest: UInt64) -> UInt64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow || product > UInt64(Int64.max) - rest { return UInt64(Int64.max) }
        return product + rest
    }
}

extension timespec {
    init(nanoseconds: UInt64) {
        self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
