import CGuestEntry
import Glibc
import GuestMemory

/// Reading clocks. Setting them is refused: the host's clocks are not the guest's.
enum ClockCalls {
    static func getTime(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let named = Int32(truncatingIfNeeded: arguments.a)
        guard let clock = ClockIdentity.host(named, thread), var time = thread.kernel.clock.time(of: clock) else {
            return failed(EINVAL)
        }
        if named < 0 || named == CLOCK_THREAD_CPUTIME_ID {
            let offset = ClockIdentity.threadOffsetNanoseconds(named, thread)
            let nanoseconds = GuestClock.nanoseconds(seconds: UInt64(time.tv_sec), UInt64(time.tv_nsec))
            time = timespec(nanoseconds: nanoseconds.addingSaturated(offset))
        }
        return GuestAccess.store(time, at: arguments.b) ? 0 : failed(EFAULT)
    }

    static func getResolution(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let clock = ClockIdentity.host(Int32(truncatingIfNeeded: arguments.a), thread) else {
            return failed(EINVAL)
        }
        var resolution = timespec()
        let result = hostCall(__NR_clock_getres, UInt64(signed: clock), UInt64(address: &resolution))
        if result < 0 || arguments.b == 0 { return result }
        return GuestAccess.store(resolution, at: arguments.b) ? 0 : failed(EFAULT)
    }

    static func getTimeOfDay(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        if arguments.a != 0 {
            var time = timeval()
            gettimeofday(&time, nil)
            guard GuestAccess.store(time, at: arguments.a) else { return failed(EFAULT) }
        }
        // The kernel's time zone, which nobody sets: two integers.
        if arguments.b != 0, !GuestAccess.store(UInt64(0), at: arguments.b) { return failed(EFAULT) }
        return 0
    }

    static func time(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let seconds = Glibc.time(nil)
        if arguments.a != 0, !GuestAccess.store(seconds, at: arguments.a) { return failed(EFAULT) }
        return seconds
    }

    /// adjtimex(2) and clock_adjtime(2): whoever only asks is answered, as for a process without privileges.
    static func adjust(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        adjust(thread, at: arguments.a) { hostCall(__NR_adjtimex, $0) }
    }

    static func adjustClock(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        adjust(thread, at: arguments.b) { hostCall(__NR_clock_adjtime, arguments.a, $0) }
    }

    private static func adjust(_ thread: GuestThread, at address: UInt64, _ call: (UInt64) -> Int) -> Int {
        guard let modes = GuestAccess.loadWord(at: address) else { return failed(EFAULT) }
        guard modes == 0 else { return failed(EPERM) }
        let request = thread.scratch
        request.initializeMemory(as: UInt8.self, repeating: 0, count: timexByteCount)
        let result = call(UInt64(address: request))
        if result < 0 { return result }
        return GuestAccess.copyOut(to: address, request, count: timexByteCount) ? result : failed(EFAULT)
    }

    /// struct timex of the kernel's.
    private static let timexByteCount = 208
}
