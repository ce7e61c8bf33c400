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
            return threads.find(tid: tid)?.processorNanoseconds
        }
    }

    func userNanoseconds() -> UInt64 {
        UInt64(max(0, GuestClock.hostUserNanoseconds() + clock.userOffsetNanoseconds))
    }
}

extension GuestThread {
    /// Processor time that the thread has used, in this process and before; nil once its host thread has ended.
    var processorNanoseconds: UInt64? {
        let hostTid = context.pointee.host_tid
        // One that goes on in a mirror and has not begun: a timer on its clock is looked at again, not given up.
        guard hostTid != 0 else { return processorOffsetNanoseconds }
        let used = kernel.clock.nanoseconds(of: ClockIdentity.ofHostThread(hostTid))
        return used.map { $0 + processorOffsetNanoseconds }
    }
}

extension ClockIdentity {
    /// What to add to a clock that counts a guest thread's processor time; 0 for any other.
    static func threadOffsetNanoseconds(_ clock: Int32, _ thread: GuestThread) -> UInt64 {
        if clock == CLOCK_THREAD_CPUTIME_ID { return thread.processorOffsetNanoseconds }
        guard let named = ProcessorClock(clock), named.isThreads else { return 0 }
        if named.task == 0 || named.task == thread.tid { return thread.processorOffsetNanoseconds }
        return thread.kernel.threads.find(tid: named.task)?.processorOffsetNanoseconds ?? 0
    }
}
