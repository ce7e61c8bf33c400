/// What a thread waits for in a futex's queue.
enum FutexRole: Sendable, Equatable {
    /// To be woken.
    case wake
    /// To be given the lock that the word is (FUTEX_LOCK_PI).
    case lock
    /// To be moved to another futex, whose lock it then waits for (FUTEX_WAIT_REQUEUE_PI).
    case move(to: FutexKey, at: UInt64)
}

/// The bits of a futex's word that has an owner (linux/futex.h).
enum FutexOwner {
    static let waiters: UInt32 = 0x8000_0000
    static let died: UInt32 = 0x4000_0000
    static let tidMask: UInt32 = 0x3fff_ffff
}
