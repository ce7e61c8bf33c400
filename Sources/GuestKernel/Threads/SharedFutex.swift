import CGuestEntry
import Glibc
import GuestMemory

/// Futexes in memory that other processes may have, too: the host's own queue is the only one that all of them share.
///
/// A thread waits on the guest's word and on its own one at once (futex_waitv, Linux 5.16), so that whoever wakes the
/// thread for something else can. What is moved to another word (FUTEX_REQUEUE) is woken instead: such a waiter looks
/// at its word again, as it must after any wake-up.
enum SharedFutex {
    /// struct futex_waitv (linux/futex.h).
    private struct WaitEntry {
        var value: UInt64
        var address: UInt64
        var flags: UInt32
        var reserved: UInt32 = 0
    }

    private static let word32: UInt32 = 2  // FUTEX2_SIZE_U32
    private static let privateFlag: UInt32 = 128  // FUTEX2_PRIVATE
    private static let wakeBitset: UInt64 = 10
    private static let wait: UInt64 = 0
    /// How long a host without futex_waitv sleeps before it looks whether the thread is wanted elsewhere.
    private static let pauseNanoseconds: UInt64 = 2_000_000

    /// Sleeps until the word at `address` is woken, the deadline or an interruption; nil for the last.
    static func wait(_ thread: GuestThread, at address: UInt64, while value: UInt32, _ deadline: UInt64?) -> Int? {
        var hasSlept = false
        while thread.prepareToSleep() {
            let result = sleep(thread, at: address, while: value, deadline)
            switch result {
            case 0...: return 0
            case -Int(EFAULT): return result
            case -Int(ETIMEDOUT):
                if let deadline, thread.kernel.clock.monotonicNanoseconds() >= deadline { return result }
            case -Int(EAGAIN) where !thread.isWokenUp:
                // A word that has become another while the thread was away from it counts as a wake-up for no reason.
                return hasSlept ? 0 : result
            default: break
            }
            hasSlept = true
        }
        return nil
    }

    private static func sleep(
        _ thread: GuestThread, at address: UInt64, while value: UInt32, _ deadline: UInt64?
    ) -> Int {
        thread.sleepingOnWord { ownWord in
            var timeout = timespec()
            let hasTimeout = thread.remaining(until: deadline, &timeout)
            // The guest's word comes last: of several that were woken the last is told.
            var entries = (
                WaitEntry(value: 0, address: ownWord, flags: word32 | privateFlag),
                WaitEntry(value: UInt64(value), address: address, flags: word32)
            )
            var end = HostFutex.absolute(timeout)
            let result = hostCall(
                __NR_futex_waitv, UInt64(address: &entries), 2, 0, hasTimeout ? UInt64(address: &end) : 0,
                UInt64(CLOCK_MONOTONIC))
            switch result {
            case 0: return failed(EINTR)
            case 1: return 0
            case -Int(ENOSYS): return sleepBriefly(at: address, while: value)
            default: return result
            }
        }
    }

    private static func sleepBriefly(at address: UInt64, while value: UInt32) -> Int {
        var pause = timespec(tv_sec: 0, tv_nsec: Int(pauseNanoseconds))
        return hostCall(__NR_futex, address, wait, UInt64(value), UInt64(address: &pause))
    }

    /// Returns how many were woken.
    static func wake(at address: UInt64, count: Int, bitset: UInt32) -> Int {
        hostCall(__NR_futex, address, wakeBitset, UInt64(count), 0, 0, UInt64(bitset))
    }
}

extension FutexTable {
    /// Wakes waiters wherever they wait: in this table, or, where other processes may wait, too, on the host.
    func wake(at address: UInt64, _ key: FutexKey, count: Int, bitset: UInt32) -> Int {
        if isOnHost(key) { return SharedFutex.wake(at: address, count: count, bitset: bitset) }
        return wake(key, count: count, bitset: bitset)
    }

    /// From now on there may be other processes. Who waits here for what they may have, too, looks at its word again,
    /// and waits on the host then. Locks stay here, as the host never has those: to let one go on would be to give it a
    /// lock that another has.
    func useHost() {
        if usesHost.exchange(true, ordering: .relaxed) { return }
        state.withLock { state in
            let isMoving = { (waiter: Waiter) in waiter.key.isShared && waiter.role == .wake }
            for waiter in state.waiters where isMoving(waiter) {
                waiter.thread.waiter.result = 0
                waiter.thread.wakeUp()
            }
            state.waiters.removeAll(where: isMoving)
        }
    }

    /// Whether the host has the queue of this futex. A mirror does not see that one: there a call is made again, and
    /// compares the word with what it was called with.
    func isOnHost(_ key: FutexKey) -> Bool {
        key.isShared && usesHost.load(ordering: .relaxed)
    }
}
