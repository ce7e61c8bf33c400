import CGuestEntry
import Glibc
import GuestMemory

/// poll(2) and ppoll(2): the guest's array is copied in, translated to host descriptors, and only
/// `revents` is written back, as the kernel does.
enum PollCalls {
    /// No host descriptor has this number (it is above any fs.nr_open): the host itself says POLLNVAL.
    private static let neverOpen = Int32.max
    private static let entryByteCount = MemoryLayout<pollfd>.stride
    private static let eventsReturnedOffset: UInt64 = 6

    static func poll(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let milliseconds = Int32(truncatingIfNeeded: arguments.c)
        if milliseconds > 0, thread.waiter.deadlineNanoseconds == nil {
            thread.waiter.deadlineNanoseconds = thread.kernel.clock.deadline(after: UInt64(milliseconds) * 1_000_000)
        }
        return poll(thread, arguments.a, arguments.b, isImmediate: milliseconds == 0)
    }

    static func ppoll(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let timeout: CallTimeout
        switch CallTimeout.load(thread, at: arguments.c, as: .seconds) {
        case .failure(let error): return failed(error.errno)
        case .success(let loaded): timeout = loaded
        }
        if let error = thread.setTemporaryMask(at: arguments.d, byteCount: arguments.e) { return error }
        let result = poll(thread, arguments.a, arguments.b, isImmediate: timeout.isImmediate)
        timeout.storeRemaining(thread)
        return thread.restoringMask(result)
    }

    private static func poll(
        _ thread: GuestThread, _ address: UInt64, _ requested: UInt64, isImmediate: Bool
    ) -> Int {
        let requested = UInt32(truncatingIfNeeded: requested)
        guard requested <= UInt32(clamping: thread.kernel.files.limit) else { return failed(EINVAL) }
        let count = Int(requested)
        let byteCount = count * entryByteCount
        guard GuestAccess.isInRange(address, byteCount) else { return failed(EFAULT) }
        if byteCount <= GuestThread.scratchByteCount {
            let entries = thread.scratch.assumingMemoryBound(to: pollfd.self)
            return translate(thread, address, entries, count, isImmediate: isImmediate)
        }
        return withUnsafeTemporaryAllocation(of: pollfd.self, capacity: count) { buffer in
            translate(thread, address, buffer.baseAddress!, count, isImmediate: isImmediate)
        }
    }

    private static func translate(
        _ thread: GuestThread, _ address: UInt64, _ entries: UnsafeMutablePointer<pollfd>, _ count: Int,
        isImmediate: Bool
    ) -> Int {
        guard GuestAccess.copyIn(entries, from: address, count: count * entryByteCount) else {
            return failed(EFAULT)
        }
        // Held for the call, as the kernel's fdget does: a descriptor closed meanwhile is still waited for.
        return withUnsafeTemporaryAllocation(of: FileDescription?.self, capacity: count) { held in
            for index in 0..<count {
                let descriptor = entries[index].fd
                let file = descriptor < 0 ? nil : thread.kernel.files.find(UInt64(signed: descriptor))
                held.initializeElement(at: index, to: file)
                entries[index].fd = file?.hostFD ?? (descriptor < 0 ? -1 : neverOpen)
            }
            defer { held.deinitialize() }
            if thread.kernel.output != nil, let full = HeldReadiness(thread, entries, held, count) {
                return waitTranslated(thread, address, entries, count, isImmediate: isImmediate, full)
            }
            return waitTranslated(thread, address, entries, count, isImmediate: isImmediate, nil)
        }
    }

    /// Waits on host entries and writes what happened back.
    private static func waitTranslated(
        _ thread: GuestThread, _ address: UInt64, _ entries: UnsafeMutablePointer<pollfd>, _ count: Int,
        isImmediate: Bool, _ held: HeldReadiness?
    ) -> Int {
        defer { held?.stopWaiting() }
        let ready = thread.awaitReadiness(
            deadlineNanoseconds: thread.waiter.deadlineNanoseconds, isImmediate: isImmediate
        ) { timeout, mask in
            held?.update(entries)
            return hostCall(
                __NR_ppoll, UInt64(address: entries), UInt64(count), UInt64(address: timeout), mask, 8)
        }
        if ready == -Int(EINTR) { return Restart.withoutHandler }
        if ready < 0 { return ready }
        for index in 0..<count {
            let place = address + UInt64(index * entryByteCount) + eventsReturnedOffset
            guard GuestAccess.store(entries[index].revents, at: place) else { return failed(EFAULT) }
        }
        return ready
    }
}
