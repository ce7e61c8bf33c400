import GuestKernel

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
        }
    }

    /// Cuts the epoch that is wanted; false where that is left to the thread of `run`, which has to be woken.
    private func cut(on thread: GuestThread, _ isWanted: () -> Bool) -> Bool {
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
            try cut(load, final: nil, isWanted)
            return true
        } catch {
            failure = error
            return false
        }
    }

    func stopGuest() {
        guard let cuttingThread else { return kernel.gate.stop(kernel) }
        kernel.gate.stopThreads(of: kernel, except: cuttingThread)
    }

    func resumeGuest() {
        if cuttingThread == nil { kernel.gate.resume() } else { kernel.gate.resumeThreads() }
    }
}
