import GuestKernel
import Replication

/// Epochs that are cut by the guest thread that waits last, as waking another one takes 20 to 50 us.
///
/// It is in the waiting phase meanwhile, and holds no lock that a checkpoint needs, as any thread that waits. It
/// coordinates until the epoch has been sent: a fork in the middle of that would leave the child locks that nobody
/// gives back. Nothing here waits for the link or for another process, and for a disk only where closing a file does.
extension Checkpointer {
    /// Offers to cut on guest threads, once the first epoch is whole.
    func offerToGuest(_ isWanted: @escaping @Sendable () -> Bool) {
        // The guest stands still for a commit with the one, and its epochs are written to a file with the other.
        if request.isSynchronous || request.blackholeFile != nil { return }
        kernel.gate.demand.offer { [self] thread in
            turn.takeIfFree { cut(on: thread, isWanted) } ?? false
        } isOverdue: { [self] workNanoseconds in
            workNanoseconds >= earlyCutNanoseconds.load(ordering: .sequentiallyConsistent) && hasAllCommitted
        }
    }

    /// Cuts the epoch that is wanted; false where that is left to the thread of `run`, which has to be woken.
    private func cut(on thread: GuestThread, _ isWanted: () -> Bool) -> Bool {
        earlyCutNanoseconds.store(EarlyCut.workNanosecondsOtherwise, ordering: .sequentiallyConsistent)
        // Before anything else: no other thread forks from here on.
        guard kernel.gate.tryCoordinate() else { return false }
        defer { kernel.gate.endCoordination() }
        // Where there are other processes a cut may have to wait for one of them.
        guard !kernel.hasRelatives, failure == nil, !queue.isClosed, isWanted(), pace.slowPercent == 0 else {
            return false
        }
        let load = queue.load
        // Where it takes long the thread's wait may end meanwhile.
        guard load.waitingCount == 0, isDue(load), !isPreCopyWorthwhile else { return false }
        cuttingThread = thread
        defer {
            cuttingThread = nil
            // It has used processor time that its record does not have.
            thread.noteWait()
        }
        do {
            let start = kernel.clock.monotonicNanoseconds()
            try cut(load, final: nil, isWanted)
            let work = EarlyCut.workNanoseconds(
                afterCutOf: kernel.clock.monotonicNanoseconds() - start, wasSentAtOnce: wasSentAtOnce)
            earlyCutNanoseconds.store(work, ordering: .sequentiallyConsistent)
            return true
        } catch {
            failure = error
            return false
        }
    }

    /// Whether no epoch is on its way. What the guest does while one is goes into the next.
    private var hasAllCommitted: Bool { committedEpoch.load(ordering: .sequentiallyConsistent) >= epoch }

    func stopGuest() {
        guard let cuttingThread else { return kernel.gate.stop(kernel) }
        kernel.gate.stopThreads(of: kernel, except: cuttingThread)
    }

    func resumeGuest() {
        if cuttingThread == nil { kernel.gate.resume() } else { kernel.gate.resumeThreads() }
    }
}
