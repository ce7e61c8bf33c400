import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Sleeping on a word of the supervisor's own (futex(2), private).
public enum HostFutex {
    private static let waitPrivate: UInt64 = 0 | 128
    private static let wakePrivate: UInt64 = 1 | 128

    /// Sleeps while the word is `value`; may return early for no reason.
    public static func wait(_ word: borrowing Atomic<UInt32>, while value: UInt32) {
        hostWait(__NR_futex, address(of: word), waitPrivate, UInt64(value), 0)
    }

    /// As above, for at most `timeoutNanoseconds`.
    public static func wait(_ word: borrowing Atomic<UInt32>, while value: UInt32, timeoutNanoseconds: UInt64) {
        var timeout = timespec(
            tv_sec: Int(timeoutNanoseconds / 1_000_000_000), tv_nsec: Int(timeoutNanoseconds % 1_000_000_000))
        hostWait(__NR_futex, address(of: word), waitPrivate, UInt64(value), UInt64(address: &timeout))
    }

    public static func wake(_ word: borrowing Atomic<UInt32>) {
        hostCall(__NR_futex, address(of: word), wakePrivate, UInt64(Int32.max))
    }

    /// A time from now as CLOCK_MONOTONIC has it.
    static func absolute(_ timeout: timespec) -> timespec {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        end.tv_sec += timeout.tv_sec + (end.tv_nsec + timeout.tv_nsec) / 1_000_000_000
        end.tv_nsec = (end.tv_nsec + timeout.tv_nsec) % 1_000_000_000
        return end
    }

    /// Sound: an Atomic that is a stored property of a class has a fixed address for its lifetime
    /// (SE-0410), and is laid out as its value.
    static func address(of word: borrowing Atomic<UInt32>) -> UInt64 {
        withUnsafePointer(to: word) { UInt64(UInt(bitPattern: $0)) }
    }
}
