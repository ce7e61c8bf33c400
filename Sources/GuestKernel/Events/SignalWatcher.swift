import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Somebody who is told under the signal table's lock that signals of a set are pending.
final class SignalWatcher: Sendable {
    let mask = Atomic<UInt64>(0)
    /// An eventfd that is readable while a signal of the mask may be pending.
    let eventFD: Int32

    init(mask: UInt64, eventFD: Int32) {
        self.mask.store(mask, ordering: .relaxed)
        self.eventFD = eventFD
    }

    /// Makes the eventfd readable, anew where it is already: every signal is an edge for epoll.
    func notify() {
        var one: UInt64 = 1
        hostCall(__NR_write, UInt64(signed: eventFD), UInt64(address: &one), 8)
    }

    fileprivate func lower() {
        var count: UInt64 = 0
        hostCall(__NR_read, UInt64(signed: eventFD), UInt64(address: &count), 8)
    }
}

extension SignalTable.State {
    /// Signals were taken: watchers that have nothing left to wait for stop being readable. The caller
    /// holds the table's lock, so no signal can come in between.
    ///
    /// A signal sent to one thread counts for all: which thread will read is not known beforehand.
    func lowerWatchers(_ kernel: GuestKernel) {
        if watchers.isEmpty { return }
        let pending = pendingAnywhere(kernel)
        for watcher in watchers where watcher.mask.load(ordering: .relaxed) & pending == 0 { watcher.lower() }
    }

    /// A watcher is new, or its mask is.
    func settle(_ watcher: SignalWatcher, _ kernel: GuestKernel) {
        if watcher.mask.load(ordering: .relaxed) & pendingAnywhere(kernel) == 0 {
            watcher.lower()
        } else {
            watcher.notify()
        }
    }

    private func pendingAnywhere(_ kernel: GuestKernel) -> UInt64 {
        var pending = shared.set
        for thread in kernel.threads.snapshot() { pending |= thread.signals.pending.set }
        return pending
    }
}
