import CGuestEntry
import Glibc
import GuestMemory

/// The host threads' signal masks. Guests' signals are the supervisor's own bookkeeping; these are
/// the kernel's, and only a handful are ever let through.
public enum HostSignals {
    public static func bit(_ signal: Int32) -> UInt64 {
        1 << UInt64(signal - 1)
    }

    /// What the host sends where a descriptor of the guest's is ready. Real-time, so that each is queued.
    public static let descriptorEvent: Int32 = 62

    /// Faults that the kernel raises for an instruction: blocking one would kill the process.
    static let synchronous: UInt64 =
        bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGTRAP) | bit(SIGSYS)

    /// A guest thread's: all blocked but the synchronous ones and preemption.
    static let guestThreadMask: UInt64 = ~(synchronous | bit(GUEST_PREEMPT_SIGNAL))

    /// The mask inside ppoll and epoll_pwait: the kick gets through as well.
    static let waitMask: UInt64 = ~(synchronous | bit(GUEST_PREEMPT_SIGNAL) | bit(GUEST_KICK_SIGNAL))

    /// Every other thread of the supervisor's: asynchronous signals go to the one that forwards them.
    public static let helperMask: UInt64 = ~synchronous

    /// What waits, blocked, for the calling thread or the process.
    static var pending: UInt64 {
        var set: UInt64 = 0
        hostCall(__NR_rt_sigpending, UInt64(address: &set), 8)
        return set
    }

    /// Sets the calling thread's mask.
    public static func setMask(_ mask: UInt64) {
        var mask = mask
        hostCall(__NR_rt_sigprocmask, UInt64(SIG_SETMASK), UInt64(address: &mask), 0, 8)
    }
}
