import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// signalfd(2): an eventfd of the host's that is readable while signals are pending, and a read that
/// takes them from the guest's own signal table.
enum SignalFile {
    private static let recordByteCount = 128
    /// Records of one read, which may be shorter than the buffer.
    private static let recordCountMax = 64

    static func create(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        create(thread, arguments, flags: 0)
    }

    static func create4(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        create(thread, arguments, flags: Int32(truncatingIfNeeded: arguments.d))
    }

    private static func create(_ thread: GuestThread, _ arguments: SyscallArguments, flags: Int32) -> Int {
        guard arguments.c == 8 else { return failed(EINVAL) }
        guard let given = GuestAccess.load(UInt64.self, at: arguments.b) else { return failed(EFAULT) }
        guard flags & ~(O_CLOEXEC | O_NONBLOCK) == 0 else { return failed(EINVAL) }
        let mask = given & ~SignalSet.unblockable
        let kernel = thread.kernel
        if Int32(truncatingIfNeeded: arguments.a) != -1 { return change(kernel, arguments.a, mask) }
        guard let file = describe(kernel, mask: mask, statusFlags: O_RDWR | flags & O_NONBLOCK) else {
            return failed(EMFILE)
        }
        return kernel.files.add(file, closesOnExec: flags & O_CLOEXEC != 0)
    }

    /// A description that watches signals from now on; nil when the host is out of descriptors.
    static func describe(
        _ kernel: GuestKernel, mask: UInt64, statusFlags: Int32, identity: UInt64 = FileDescription.nextIdentity()
    ) -> FileDescription? {
        let hostFD = EventFile.make(initial: 0, isSemaphore: false)
        if hostFD < 0 { return nil }
        let watcher = SignalWatcher(mask: mask, eventFD: Int32(hostFD))
        let file = FileDescription(
            kind: .signal, hostFD: Int32(hostFD), statusFlags: statusFlags,
            record: .signal(SignalFileRecord(mask: mask)),
            payload: WatchedSignals(table: kernel.signals, watcher: watcher), identity: identity)
        kernel.signals.state.withLock { state in
            state.watchers.append(watcher)
            state.settle(watcher, kernel)
        }
        return file
    }

    private static func change(_ kernel: GuestKernel, _ descriptor: UInt64, _ mask: UInt64) -> Int {
        guard let file = kernel.files.find(descriptor) else { return failed(EBADF) }
        guard let watcher = watcher(of: file) else { return failed(EINVAL) }
        file.record.withLock { $0 = .signal(SignalFileRecord(mask: mask)) }
        kernel.signals.state.withLock { state in
            watcher.mask.store(mask, ordering: .relaxed)
            state.settle(watcher, kernel)
        }
        return Int(UInt32(truncatingIfNeeded: descriptor))
    }

    private static func watcher(of file: FileDescription) -> SignalWatcher? {
        (file.payload as? WatchedSignals)?.watcher
    }

    static func read(_ thread: GuestThread, _ file: FileDescription, _ address: UInt64, _ count: Int) -> Int {
        guard let watcher = watcher(of: file), count >= recordByteCount else { return failed(EINVAL) }
        let infos = thread.scratch.assumingMemoryBound(to: SignalInfo.self)
        let capacity = min(count / recordByteCount, recordCountMax)
        var isDisappointed = false
        while true {
            let taken = take(thread, watcher, infos, capacity)
            if taken > 0 {
                for index in 0..<taken { thread.kernel.signalTaken(&infos[index]) }
                return store(infos, taken, to: address)
            }
            if !file.isBlocking { return failed(EAGAIN) }
            if isDisappointed {
                // What is pending belongs to another thread, and keeps the descriptor readable.
                guard thread.prepareToSleep() else { return Restart.system }
                _ = thread.sleepUntilWoken(deadlineNanoseconds: thread.kernel.clock.deadline(after: 5_000_000))
            }
            if thread.wait(for: file, events: Int16(POLLIN)) == .interrupted { return Restart.system }
            isDisappointed = true
        }
    }

    private static func take(
        _ thread: GuestThread, _ watcher: SignalWatcher, _ infos: UnsafeMutablePointer<SignalInfo>, _ capacity: Int
    ) -> Int {
        thread.kernel.signals.state.withLock { state in
            let mask = watcher.mask.load(ordering: .relaxed)
            var taken = 0
            while taken < capacity, let info = thread.signals.pending.take(from: mask) ?? state.shared.take(from: mask)
            {
                infos[taken] = info
                taken += 1
            }
            state.lowerWatchers(thread.kernel)
            return taken
        }
    }

    private static func store(_ infos: UnsafeMutablePointer<SignalInfo>, _ count: Int, to address: UInt64) -> Int {
        withUnsafeTemporaryAllocation(byteCount: recordByteCount, alignment: 8) { record in
            for index in 0..<count {
                record.initializeMemory(as: UInt8.self, repeating: 0)
                infos[index].write(signalFileRecord: record.baseAddress!)
                let place = address + UInt64(index * recordByteCount)
                guard GuestAccess.copyOut(to: place, record.baseAddress!, count: recordByteCount) else {
                    // As the kernel, which loses the signal that it could not write.
                    return index > 0 ? index * recordByteCount : failed(EFAULT)
                }
            }
            return count * recordByteCount
        }
    }
}

/// A signal descriptor's payload: takes its watcher out of the table before the eventfd goes.
final class WatchedSignals: ClosingPayload, Sendable {
    let table: SignalTable
    let watcher: SignalWatcher

    init(table: SignalTable, watcher: SignalWatcher) {
        self.table = table
        self.watcher = watcher
    }

    /// The same in a child, whose signals are its own: behind the host descriptor, which its parent has as well, is
    /// another eventfd from now on.
    func moved(to kernel: GuestKernel, _ hostFD: Int32) -> WatchedSignals {
        let made = EventFile.make(initial: 0, isSemaphore: false)
        if made >= 0 {
            hostCall(__NR_dup3, UInt64(made), UInt64(signed: hostFD), UInt64(O_CLOEXEC))
            hostCall(__NR_close, UInt64(made))
        }
        let own = SignalWatcher(mask: watcher.mask.load(ordering: .relaxed), eventFD: hostFD)
        kernel.signals.state.withLock { $0.watchers.append(own) }
        return WatchedSignals(table: kernel.signals, watcher: own)
    }

    func descriptionCloses() {
        table.state.withLock { state in
            state.watchers.removeAll { $0 === watcher }
        }
    }
}
