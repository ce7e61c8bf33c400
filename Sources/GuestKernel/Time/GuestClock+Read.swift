import Glibc
import GuestMemory

extension GuestClock {
    /// What a clock of the host's (`ClockIdentity.host`) shows the guest. Nil where the host has no such clock.
    @inline(__always)
    func time(of hostClock: Int32) -> timespec? {
        var time = timespec()
        guard clock_gettime(hostClock, &time) == 0 else { return nil }
        let offset = offsetNanoseconds(of: hostClock)
        if offset == 0 { return time }
        let host = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        return timespec(nanoseconds: UInt64(max(0, host + offset)))
    }

    /// By how much a clock is shifted that counts from the start of a machine or a process; 0 for the others.
    @inline(__always)
    func offsetNanoseconds(of hostClock: Int32) -> Int64 {
        switch hostClock {
        case CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE: monotonicOffsetNanoseconds
        case CLOCK_BOOTTIME, CLOCK_BOOTTIME_ALARM: boottimeOffsetNanoseconds
        case CLOCK_MONOTONIC_RAW: rawOffsetNanoseconds
        case CLOCK_PROCESS_CPUTIME_ID: processorOffsetNanoseconds
        default: hostClock < 0 ? offsetNanoseconds(ofProcessorClock: hostClock) : 0
        }
    }

    /// The process's own; a thread's is the thread's to add.
    private func offsetNanoseconds(ofProcessorClock hostClock: Int32) -> Int64 {
        guard let named = ClockIdentity.ProcessorClock(hostClock), named.task == 0, !named.isThreads else { return 0 }
        return named.which == ClockIdentity.ProcessorClock.userTime
            ? userOffsetNanoseconds : processorOffsetNanoseconds
    }

    func nanoseconds(of hostClock: Int32) -> UInt64? {
        guard let time = time(of: hostClock) else { return nil }
        return GuestClock.nanoseconds(seconds: UInt64(max(0, time.tv_sec)), UInt64(time.tv_nsec))
    }

    /// The monotonic deadline for an absolute time on one of the clocks that never stand still.
    /// Nil where the host has no such clock.
    func deadline(at nanoseconds: UInt64, of hostClock: Int32) -> UInt64? {
        if hostClock == CLOCK_MONOTONIC { return nanoseconds }
        guard let now = self.nanoseconds(of: hostClock) else { return nil }
        // The clock is read before the monotonic one, so that the deadline is never early.
        return nanoseconds > now ? deadline(after: nanoseconds - now) : monotonicNanoseconds()
    }
}
