import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

extension VolumeShare {
    /// So long the first process waits until it looks who has the lock. A disk may be as slow.
    private static let patienceNanoseconds: Int = 2_000_000_000

    /// Does `body` with the lock.
    func withLock<Result>(_ body: () -> Result) -> Result {
        lock()
        defer { unlock() }
        return body()
    }

    /// Takes the lock, whatever became of who had it.
    ///
    /// A child waits for as long as it takes: the first process looks after all of them.
    func lock() {
        while true {
            switch isChild ? pthread_mutex_lock(mutex) : lockInTime() {
            case 0: break
            case EOWNERDEAD: takeFromDead()
            default:
                endHolder()
                continue
            }
            word(.holder).pointee.store(UInt32(bitPattern: pid), ordering: .relaxed)
            return
        }
    }

    func unlock() {
        word(.holder).pointee.store(0, ordering: .relaxed)
        pthread_mutex_unlock(mutex)
    }

    private func lockInTime() -> Int32 {
        let result = pthread_mutex_trylock(mutex)
        if result != EBUSY { return result }
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += VolumeShare.patienceNanoseconds / 1_000_000_000
        return pthread_mutex_timedlock(mutex, &deadline)
    }

    private func takeFromDead() {
        pthread_mutex_consistent(mutex)
        let holder = Int32(bitPattern: word(.holder).pointee.load(ordering: .relaxed))
        if word(.stage).pointee.load(ordering: .sequentiallyConsistent) == Stage.changing { breakOff(over: holder) }
        endChange()
    }

    /// The lock was not to be had for long. A process that works is waited for; one that was stopped could stand still
    /// for ever, and one that is gone is mostly known to be: where memory ran out the kernel may not have found the
    /// list of its locks any more (mm/oom_kill.c takes memory away before the process ends).
    private func endHolder() {
        let before = lockWord.pointee.load(ordering: .sequentiallyConsistent)
        // A thread's number, which names its process to kill(2) and /proc as well.
        let owner = Int32(before & VolumeShare.ownerMask)
        if owner == 0 { return }
        guard let state = HostProcess(owner)?.state else {
            releaseForDead(before)
            return
        }
        if state == .stopped { hostCall(__NR_kill, UInt64(signed: owner), UInt64(SIGKILL)) }
    }

    /// As the kernel does it for a holder that has ended (handle_futex_death in kernel/futex/core.c): whoever comes
    /// next is told.
    private func releaseForDead(_ before: UInt32) {
        let after = before & VolumeShare.hasWaiters | VolumeShare.ownerDied
        let isChanged = lockWord.pointee.compareExchange(
            expected: before, desired: after, ordering: .sequentiallyConsistent
        ).exchanged
        if isChanged { hostCall(__NR_futex, UInt64(address: lockWord), VolumeShare.wake, 1) }
    }

    /// What the kernel and the C library agree on: the first word of a mutex.
    private var lockWord: UnsafeMutablePointer<Atomic<UInt32>> {
        UnsafeMutableRawPointer(mutex).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    // FUTEX_WAITERS, FUTEX_OWNER_DIED and FUTEX_TID_MASK (linux/futex.h).
    private static let hasWaiters: UInt32 = 0x8000_0000
    private static let ownerDied: UInt32 = 0x4000_0000
    private static let ownerMask: UInt32 = 0x3fff_ffff

    /// FUTEX_WAKE of a word that processes share (linux/futex.h).
    private static let wake: UInt64 = 1
}
