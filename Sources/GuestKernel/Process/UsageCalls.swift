import CGuestEntry
import Glibc
import GuestMemory

/// What the process has used, and what the machine has.
enum UsageCalls {
    private static let ofSelf: Int32 = 0
    private static let ofThread: Int32 = 1
    private static let ofChildren: Int32 = -1
    /// struct rusage and struct sysinfo of the kernel's.
    private static let usageByteCount = 144
    private static let informationByteCount = 112
    /// USER_HZ is 100 on every Linux.
    private static let tickNanoseconds: Int64 = 10_000_000

    /// getrusage(2): the supervisor's own work counts as the guest's. Children are those of this process: what had been
    /// waited for before a takeover is not counted any more.
    static func usage(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let usage = thread.scratch
        usage.initializeMemory(as: UInt8.self, repeating: 0, count: usageByteCount)
        let who = Int32(truncatingIfNeeded: arguments.a)
        switch who {
        case ofSelf, ofThread:
            let result = hostCall(__NR_getrusage, UInt64(signed: who), UInt64(address: usage))
            if result < 0 { return result }
            addUsedBefore(to: usage, who == ofThread ? thread : nil, thread.kernel.clock)
        case ofChildren:
            let result = hostCall(__NR_getrusage, UInt64(signed: who), UInt64(address: usage))
            if result < 0 { return result }
        default:
            return failed(EINVAL)
        }
        return GuestAccess.copyOut(to: arguments.b, usage, count: usageByteCount) ? 0 : failed(EFAULT)
    }

    /// struct rusage begins with the times in user code and in the kernel. What a thread had used before a takeover
    /// counts as user code's.
    private static func addUsedBefore(to usage: UnsafeMutableRawPointer, _ thread: GuestThread?, _ clock: GuestClock) {
        let inAll = thread.map { Int64($0.processorOffsetNanoseconds) } ?? clock.processorOffsetNanoseconds
        if inAll == 0 { return }
        let inUser = thread == nil ? clock.userOffsetNanoseconds : inAll
        for (index, offset) in [inUser, inAll - inUser].enumerated() {
            let place = usage + index * MemoryLayout<timeval>.size
            let host = place.load(as: timeval.self)
            let used = Int64(host.tv_sec) * 1_000_000_000 + Int64(host.tv_usec) * 1000 + offset
            place.storeBytes(of: timeval(nanoseconds: UInt64(max(0, used))), as: timeval.self)
        }
    }

    /// times(2): its result counts in ticks from the start of the machine.
    static func times(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        var used = tms()
        let ticks = hostCall(__NR_times, UInt64(address: &used))
        let clock = thread.kernel.clock
        // Each part is cut to whole ticks: that must not happen twice, before the takeover and since.
        let usage = thread.scratch
        let result = hostCall(__NR_getrusage, UInt64(signed: ofSelf), UInt64(address: usage))
        if result < 0 { return result }
        addUsedBefore(to: usage, nil, clock)
        used.tms_utime = ticksOfTime(at: usage)
        used.tms_stime = ticksOfTime(at: usage + MemoryLayout<timeval>.size)
        if arguments.a != 0, !GuestAccess.store(used, at: arguments.a) { return failed(EFAULT) }
        return ticks + Int(clock.monotonicOffsetNanoseconds / tickNanoseconds)
    }

    private static func ticksOfTime(at place: UnsafeMutableRawPointer) -> clock_t {
        let time = place.load(as: timeval.self)
        return clock_t((Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1000) / tickNanoseconds)
    }

    static func systemInformation(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let information = thread.scratch
        let result = hostCall(__NR_sysinfo, UInt64(address: information))
        if result < 0 { return result }
        // The first field counts the seconds since the start.
        let offset = Int(thread.kernel.clock.monotonicOffsetNanoseconds / 1_000_000_000)
        information.storeBytes(of: information.load(as: Int.self) + offset, as: Int.self)
        let isStored = GuestAccess.copyOut(to: arguments.a, information, count: informationByteCount)
        return isStored ? 0 : failed(EFAULT)
    }

    /// getrandom(2) in pieces with a safe point between. A signal ends it early after 256 bytes, as on Linux.
    static func random(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let atomicByteCount = 256
        // What the kernel gives at most in one call.
        let byteCount = Int(min(arguments.b, 33_554_431))
        guard GuestAccess.isInRange(arguments.a, byteCount) else { return failed(EFAULT) }
        while thread.waiter.progress < byteCount || byteCount == 0 {
            let done = thread.waiter.progress
            let piece = min(thread.waiter.left(of: byteCount), TransferCalls.pieceByteCountMax)
            let result = thread.writing(arguments.a + UInt64(done), piece) {
                hostCall(__NR_getrandom, arguments.a + UInt64(done), UInt64(piece), arguments.c)
            }
            if result < 0 { return done > 0 ? done : result }
            thread.waiter.progress = done + result
            if byteCount <= piece || result == 0 { break }
            if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
            if thread.waiter.progress > atomicByteCount, thread.kernel.mustInterrupt(thread) { break }
        }
        return thread.waiter.progress
    }
}
