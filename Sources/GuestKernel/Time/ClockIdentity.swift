import CGuestEntry
import Glibc
import GuestMemory

/// A clockid_t as the kernel takes it apart (include/linux/posix-timers.h).
///
/// Positive numbers name a clock; negative ones carry the inverted id of a process or thread above
/// three bits that say which of its CPU clocks is meant.
enum ClockIdentity {
    static let tai: Int32 = 11

    /// A negative clockid_t, taken apart.
    struct ProcessorClock {
        /// 0 for the caller's own.
        var task: Int32
        var isThreads: Bool
        /// 0 counts user and system time, 1 user time alone, 2 what the scheduler saw.
        var which: Int32

        static let userTime: Int32 = 1

        /// Nil for one that names an open device (PTP) instead of a task.
        init?(_ clock: Int32) {
            guard clock < 0, clock & 3 != 3 else { return nil }
            task = ~(clock >> 3)
            isThreads = clock & 4 != 0
            which = clock & 3
        }

        func encoded(task: Int32) -> Int32 {
            ~task << 3 | (isThreads ? 4 : 0) | which
        }
    }

    /// What a thread's CPU has spent on it: the host's clock for a host thread.
    static func ofHostThread(_ hostTid: Int32) -> Int32 {
        ~hostTid << 3 | 4 | 2
    }

    /// The host's clock for a guest's clock as seen by `thread`; nil for EINVAL.
    static func host(_ clock: Int32, _ thread: GuestThread) -> Int32? {
        if clock >= 0 {
            // 10 was CLOCK_SGI_CYCLE.
            return clock <= tai && clock != 10 ? clock : nil
        }
        guard let named = ProcessorClock(clock) else { return nil }
        if named.task == 0 { return clock }
        if !named.isThreads {
            return named.task == thread.kernel.identity.pid ? named.encoded(task: 0) : clock
        }
        if named.task == thread.tid { return named.encoded(task: 0) }
        guard let target = thread.kernel.threads.find(tid: named.task), target.context.pointee.host_tid != 0 else {
            return nil
        }
        return named.encoded(task: target.context.pointee.host_tid)
    }
}
