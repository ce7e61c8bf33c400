import CGuestEntry
import CThreadGate
import Glibc
import GuestLoader
import GuestMemory

extension GuestKernel {
    /// A thread at the beginning of a program, called by the last part of `path`; nil without memory.
    func makeFirstThread(of program: LoadedProgram, calledBy path: String) -> GuestThread? {
        let name = Array((path.split(separator: "/").last.map(String.init) ?? path).utf8.prefix(15))
        guard let thread = try? GuestThread(kernel: self, tid: identity.pid, name: name) else { return nil }
        thread.context.pointee.rip = program.start
        thread.context.pointee.rsp = program.stackPointer
        return thread
    }

    /// Lets a prepared thread run on a host thread of its own.
    ///
    /// - Parameter replaced: whose place it takes in the list, by its id and name.
    func start(_ thread: GuestThread, replacing replaced: GuestThread? = nil) -> Int32 {
        if let replaced {
            // From here on the guest's gate does not know it.
            thread_gate_join()
            threads.replace(replaced, by: thread)
        } else {
            threads.add(thread)
        }
        statistics.countThread()
        threadStarted()
        let result = HostThread.start(mask: HostSignals.guestThreadMask) { [self] in runToEnd(thread) }
        if result != 0 {
            _ = threads.remove(thread)
            threadLeft()
            gate.announceChange()
        }
        return result
    }

    /// A thread's life on its host thread, and what its end means to others.
    func runToEnd(_ thread: GuestThread) {
        thread.run()
        thread.endTrace()
        finish(thread)
    }

    /// What a thread leaves in memory when it is done with it (mm_release in kernel/fork.c).
    func releaseMemory(of thread: GuestThread) {
        thread.releaseRobustFutexes()
        futexes.state.withLock { $0.handOverLocks(of: thread) }
        guard thread.clearChildTid != 0 else { return }
        _ = GuestAccess.storeWord(0, at: thread.clearChildTid)
        let key = FutexKey(address: thread.clearChildTid, in: memory)
        _ = futexes.wake(at: thread.clearChildTid, key, count: 1, bitset: .max)
    }

    private func finish(_ thread: GuestThread) {
        if !isEnding, !thread.isReplaced { releaseMemory(of: thread) }
        // What the process shares with others stays: its locks must not.
        if isEnding, hasRelatives, futexes.usesHost.load(ordering: .relaxed) { thread.releaseRobustFutexes() }
        statistics.add(thread.callCounts)
        if thread.isReplaced { return threadLeft() }
        thread_gate_join()
        let remaining = threads.remove(thread)
        if remaining == 0 { end(.exited(thread.exitStatus)) }
        gate.announceChange()
        retargetSharedSignals(from: thread)
        threadLeft()
    }
}

extension GuestThread {
    /// Marks the robust futexes that the thread still holds as ownerless (kernel/futex/core.c,
    /// exit_robust_list), so that others do not wait for ever.
    func releaseRobustFutexes() {
        let head = robustListHead
        guard head != 0, let offset = GuestAccess.load(Int64.self, at: head &+ 8),
            let pending = GuestAccess.load(UInt64.self, at: head &+ 16),
            var entry = GuestAccess.load(UInt64.self, at: head)
        else { return }
        // The kernel's ROBUST_LIST_LIMIT: a list that the guest has tied into a ring ends here.
        for _ in 0..<2048 where entry & ~1 != head {
            if entry != pending { releaseRobustFutex(entry, offset) }
            guard let next = GuestAccess.load(UInt64.self, at: entry & ~1) else { break }
            entry = next
        }
        if pending != 0 { releaseRobustFutex(pending, offset) }
    }

    /// The lowest bit says that it is a lock, which is handed over (`handOverLocks`) instead of waking anybody.
    private func releaseRobustFutex(_ entry: UInt64, _ offset: Int64) {
        let address = entry & ~1 &+ UInt64(bitPattern: offset)
        guard address & 3 == 0, var found = GuestAccess.loadWord(at: address) else { return }
        while found & FutexOwner.tidMask == UInt32(bitPattern: tid) {
            let desired = found & FutexOwner.waiters | FutexOwner.died
            guard let seen = GuestAccess.compareExchangeWord(at: address, expected: found, desired: desired)
            else { return }
            if seen == found {
                guard found & FutexOwner.waiters != 0, entry & 1 == 0 else { return }
                let key = FutexKey(address: address, in: kernel.memory)
                _ = kernel.futexes.wake(at: address, key, count: 1, bitset: .max)
                return
            }
            found = seen
        }
    }
}
