import CGuestEntry
import Glibc
import GuestMemory

/// A clockid_t as the kernel takes it apart (include/linux/posix-timers.h).
///
/// Positive numbers name a clock; negative ones carry the inverted id of a process or thread above
/// three bits that say which of its CPU clocks is meant.
enum ClockIdentity {
    static let tai: Int32 = 11

    private static let whichMask: Int32 = 3
    private static let threadBit: Int32 = 4
    /// The clock of an open device (PTP) instead of a process.
    private static let deviceClock: Int32 = 3

    /// Whether the clock counts from a start of the machine, and so is shifted in a mirror.
    static func isMonotonic(_ clock: Int32) -> Bool {
        switch clock {
        case CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_BOOTTIME_ALARM: true
        default: false
        }
    }

    /// The host's clock for a guest's clock as seen by `thread`; nil for EINVAL.
    static func host(_ clock: Int32, _ thread: GuestThread) -> Int32? {
        if clock >= 0 {
            // 10 was CLOCK_SGI_CYCLE.
            return clock <= tai && clock != 10 ? clock : nil
        }
        guard clock & whichMask != deviceClock else { return nil }
        let kind = clock & (whichMask | threadBit)
        let task = ~(clock >> 3)
        if clock & threadBit == 0 {
            let isOwn = task == 0 || task == thread.kernel.identity.pid
            return isOwn ? encoded(task: 0, kind) : clock
        }
        if task == 0 || task == thread.tid { return encoded(task: 0, kind) }
        guard let target = thread.kernel.threads.find(tid: task), target.context.pointee.host_tid != 0 else {
            return nil
        }
        return encoded(task: target.context.pointee.host_tid, kind)
    }

    private static func encoded(task: Int32, _ kind: Int32) -> Int32 {
        ~task << 3 | kind
    }
}
