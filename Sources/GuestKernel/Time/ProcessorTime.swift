import CGuestEntry
import Glibc
import GuestMemory

extension GuestKernel {
    /// What a timer's clock shows; nil for the clock of a thread that has ended.
    func nanoseconds(of clock: TimerClock) -> UInt64? {
        switch clock {
        case .monotonic:
            return self.clock.monotonicNanoseconds()
        case .process:
            return self.clock.nanoseconds(of: CLOCK_PROCESS_CPUTIME_ID)
        case .processUser:
            return userNanoseconds()
        case .thread(let tid):
            guard let hostTid = threads.find(tid: tid)?.context.pointee.host_tid, hostTid != 0 else { return nil }
            return self.clock.nanoseconds(of: ClockIdentity.ofHostThread(hostTid))
        }
    }

    private func userNanoseconds() -> UInt64 {
        var usage = rusage()
        hostCall(__NR_getrusage, UInt64(signed: RUSAGE_SELF.rawValue), UInt64(address: &usage))
        return UInt64(usage.ru_utime.tv_sec) * 1_000_000_000 + UInt64(usage.ru_utime.tv_usec) * 1000
    }
}
