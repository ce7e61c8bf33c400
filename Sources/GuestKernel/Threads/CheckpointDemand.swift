import Synchronization

/// How the guest's kernel asks for an epoch (architecture §5, "by need"): output is held, or a call waits for a commit.
///
/// The checkpointer sleeps on `word`. It is woken when an epoch is wanted and every guest thread waits: nothing has to
/// be signalled then. While threads go on running, it looks by itself after the longest time that output may be held.
public final class CheckpointDemand: Sendable {
    private let wanted = Atomic<UInt32>(0)
    private let word = Atomic<UInt32>(0)

    /// Whether something waits for the next epoch to be cut.
    public var isWanted: Bool { wanted.load(ordering: .sequentiallyConsistent) == 1 }

    /// Something is to be in the next epoch. Cheap: nobody is woken before the guest waits.
    func want() {
        if wanted.load(ordering: .relaxed) == 1 { return }
        wanted.store(1, ordering: .sequentiallyConsistent)
    }

    /// Wakes the checkpointer at once.
    public func raise() {
        word.store(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(word)
    }

    // MARK: - The checkpointer's side

    /// An epoch has been cut, for which the guest is stopped: everything that was wanted is in it. Or none will be.
    public func satisfy() {
        wanted.store(0, ordering: .sequentiallyConsistent)
    }

    /// Sleeps until `raise`, for at most so long.
    public func wait(timeoutNanoseconds: UInt64) {
        if word.exchange(0, ordering: .sequentiallyConsistent) == 1 { return }
        HostFutex.wait(word, while: 0, timeoutNanoseconds: timeoutNanoseconds)
        word.store(0, ordering: .sequentiallyConsistent)
    }
}
