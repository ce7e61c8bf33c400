import Synchronization

/// How the guest's kernel asks for an epoch (architecture §5, "by need"): output is held, or a call waits for a commit.
///
/// When an epoch is wanted and every guest thread waits, nothing has to be signalled: the thread that waits last cuts
/// it itself (`offer`), or else wakes the checkpointer, which sleeps on `word`. While threads go on running, the
/// checkpointer looks by itself after the longest time that output may be held.
public final class CheckpointDemand: Sendable {
    private let wanted = Atomic<UInt32>(0)
    private let word = Atomic<UInt32>(0)
    /// Cuts an epoch on the guest thread that is given, which waits; false where that must be left to the checkpointer.
    ///
    /// A type around it, as a mutex gives a function itself back in one wrapping more each time (Swift 6.3).
    private struct Cut {
        let perform: @Sendable (GuestThread) -> Bool
    }

    private let cut = Mutex<Cut?>(nil)
    private let isOffered = Atomic<Bool>(false)
    private let isWithdrawn = Atomic<Bool>(false)

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

    /// Whether guest threads cut epochs.
    var isCutByGuest: Bool {
        isOffered.load(ordering: .sequentiallyConsistent) && !isWithdrawn.load(ordering: .sequentiallyConsistent)
    }

    /// Has the epoch cut on the calling thread, which is in the waiting phase and the last to be. False where the
    /// checkpointer has to be woken for it.
    func cutHere(_ thread: GuestThread) -> Bool {
        guard isCutByGuest, let cut = cut.withLock({ $0 }) else { return false }
        return cut.perform(thread)
    }

    /// From now on guest threads have priorities, processors or identities of their own choice: none of them is to
    /// hold up the others, or to take a checkpoint with less than the supervisor's rights.
    func withdraw() {
        isWithdrawn.store(true, ordering: .sequentiallyConsistent)
    }

    // MARK: - The checkpointer's side

    /// From now on guest threads are asked to cut epochs. Another thread's wake-up takes 20 to 50 us.
    public func offer(_ cut: @escaping @Sendable (GuestThread) -> Bool) {
        let cut = Cut(perform: cut)
        self.cut.withLock { $0 = cut }
        isOffered.store(true, ordering: .sequentiallyConsistent)
    }

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
