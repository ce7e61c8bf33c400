import CGuestEntry
import Glibc
import GuestMemory

/// epoll(7).
enum EpollCalls {
    /// The scratch memory holds the host's events in its first half, and the guest's in its second. A set of more
    /// files has memory of its own, for as long as a wait takes: natively one call shows all that are ready.
    private static let scratchEventCount = GuestThread.scratchByteCount / 2 / PackedEpollEvent.byteCount
    /// The kernel's EP_MAX_EVENTS.
    private static let requestedCountMax = Int(Int32.max) / PackedEpollEvent.byteCount

    static func create(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard Int32(truncatingIfNeeded: arguments.a) > 0 else { return failed(EINVAL) }
        return create(thread, closesOnExec: false)
    }

    static func create1(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let flags = Int32(truncatingIfNeeded: arguments.a)
        guard flags & ~O_CLOEXEC == 0 else { return failed(EINVAL) }
        return create(thread, closesOnExec: flags & O_CLOEXEC != 0)
    }

    private static func create(_ thread: GuestThread, closesOnExec: Bool) -> Int {
        let hostFD = hostCall(__NR_epoll_create1, UInt64(O_CLOEXEC))
        if hostFD < 0 { return hostFD }
        let file = FileDescription(
            kind: .epoll, hostFD: Int32(hostFD), statusFlags: O_RDWR, record: .epoll(EpollRecord()),
            payload: EpollSet(hostFD: Int32(hostFD)))
        return thread.kernel.files.add(file, closesOnExec: closesOnExec)
    }

    /// The set behind an epoll's description.
    ///
    /// Sound: a description of this kind is made with a set as its payload, in `create`.
    static func set(of file: FileDescription) -> EpollSet? {
        guard file.kind == .epoll, let payload = file.payload else { return nil }
        return unsafeDowncast(payload, to: EpollSet.self)
    }

    static func control(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let operation = EpollOperation(rawValue: Int32(truncatingIfNeeded: arguments.b))
        var event = PackedEpollEvent(events: 0, data: 0)
        if operation != .remove {
            guard let given = GuestAccess.load(PackedEpollEvent.self, at: arguments.d) else { return failed(EFAULT) }
            event = given
        }
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard let target = thread.kernel.files.find(arguments.c) else { return failed(EBADF) }
        // Before the question whether the first is an epoll at all, as in do_epoll_ctl.
        switch target.kind {
        case .regular, .directory, .synthetic: return failed(EPERM)
        default: break
        }
        guard file !== target, let set = set(of: file) else { return failed(EINVAL) }
        let descriptor = Int32(truncatingIfNeeded: arguments.c)
        switch operation {
        case .add: return set.add(target, descriptor, event)
        case .modify: return set.modify(target, descriptor, event)
        case .remove: return set.remove(target, descriptor)
        case nil: return failed(EINVAL)
        }
    }

    // MARK: - Waiting

    static func wait(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        wait(thread, arguments, timeoutMilliseconds: Int32(truncatingIfNeeded: arguments.d))
    }

    static func maskedWait(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        if let error = thread.setTemporaryMask(at: arguments.e, byteCount: arguments.f) { return error }
        let result = wait(thread, arguments, timeoutMilliseconds: Int32(truncatingIfNeeded: arguments.d))
        return thread.restoringMask(result)
    }

    /// epoll_pwait2: the timeout is a struct timespec.
    static func preciseWait(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        var timeoutNanoseconds: UInt64?
        if arguments.d != 0 {
            switch GuestClock.loadTime(at: arguments.d) {
            case .failure(let error): return failed(error.errno)
            case .success(let nanoseconds): timeoutNanoseconds = nanoseconds
            }
        }
        if let error = thread.setTemporaryMask(at: arguments.e, byteCount: arguments.f) { return error }
        return thread.restoringMask(
            wait(thread, arguments, timeoutNanoseconds: timeoutNanoseconds, isPrecise: true))
    }

    private static func wait(
        _ thread: GuestThread, _ arguments: SyscallArguments, timeoutMilliseconds: Int32
    ) -> Int {
        let nanoseconds = timeoutMilliseconds < 0 ? nil : UInt64(timeoutMilliseconds) * 1_000_000
        return wait(thread, arguments, timeoutNanoseconds: nanoseconds, isPrecise: false)
    }

    /// nil waits for ever.
    private static func wait(
        _ thread: GuestThread, _ arguments: SyscallArguments, timeoutNanoseconds: UInt64?, isPrecise: Bool
    ) -> Int {
        let requested = Int(Int32(truncatingIfNeeded: arguments.c))
        guard requested > 0, requested <= requestedCountMax else { return failed(EINVAL) }
        guard GuestAccess.isInRange(arguments.b, requested * PackedEpollEvent.byteCount) else {
            return failed(EFAULT)
        }
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        guard let set = set(of: file) else { return failed(EINVAL) }
        let isImmediate = timeoutNanoseconds == 0
        if !isImmediate, thread.waiter.deadlineNanoseconds == nil, let timeoutNanoseconds {
            thread.waiter.deadlineNanoseconds = thread.kernel.clock.deadline(after: timeoutNanoseconds)
        }
        let count = min(requested, max(scratchEventCount, set.slotCount))
        guard count > scratchEventCount else {
            let events = thread.scratch.assumingMemoryBound(to: PackedEpollEvent.self)
            return wait(thread, file, set, events, count, to: arguments.b, isImmediate, isPrecise)
        }
        let events = UnsafeMutablePointer<PackedEpollEvent>.allocate(capacity: 2 * count)
        defer { events.deallocate() }
        return wait(thread, file, set, events, count, to: arguments.b, isImmediate, isPrecise)
    }

    /// With room for `count` events of the host's at `hostEvents`, and for as many of the guest's behind.
    private static func wait(
        _ thread: GuestThread, _ file: FileDescription, _ set: EpollSet,
        _ hostEvents: UnsafeMutablePointer<PackedEpollEvent>, _ count: Int, to address: UInt64, _ isImmediate: Bool,
        _ isPrecise: Bool
    ) -> Int {
        while true {
            let ready = thread.awaitReadiness(
                deadlineNanoseconds: thread.waiter.deadlineNanoseconds, isImmediate: isImmediate
            ) { timeout, mask in
                hostWait(file.hostFD, hostEvents, count, timeout, mask, isPrecise: isPrecise)
            }
            if ready == -Int(EINTR) { return isImmediate ? 0 : Restart.withoutHandler }
            if ready <= 0 { return ready }
            let result = deliver(set, hostEvents, ready, into: hostEvents + count, to: address)
            // All of them were stale: the wait goes on, or begins anew where it was a question only.
            if result != 0 { return result }
        }
    }

    private static func hostWait(
        _ hostFD: Int32, _ events: UnsafeMutablePointer<PackedEpollEvent>, _ count: Int,
        _ timeout: UnsafePointer<timespec>?, _ mask: UInt64, isPrecise: Bool
    ) -> Int {
        if isPrecise {
            let result = hostCall(
                __NR_epoll_pwait2, UInt64(signed: hostFD), UInt64(address: events), UInt64(count),
                UInt64(address: timeout), mask, 8)
            // Linux 5.11 has it; before that milliseconds have to do.
            if result != -Int(ENOSYS) { return result }
        }
        var milliseconds = Int64(-1)
        if let timeout {
            // Never too short: a deadline that has not come would end as a busy loop.
            let (seconds, nanoseconds) = (Int64(timeout.pointee.tv_sec), Int64(timeout.pointee.tv_nsec))
            milliseconds = min(seconds, 2_000_000) * 1000 + (nanoseconds + 999_999) / 1_000_000
        }
        return hostCall(
            __NR_epoll_pwait, UInt64(signed: hostFD), UInt64(address: events), UInt64(count),
            UInt64(signed: milliseconds), mask, 8)
    }

    private static func deliver(
        _ set: EpollSet, _ hostEvents: UnsafeMutablePointer<PackedEpollEvent>, _ ready: Int,
        into guestEvents: UnsafeMutablePointer<PackedEpollEvent>, to address: UInt64
    ) -> Int {
        let count = set.translate(hostEvents, ready, into: guestEvents)
        if GuestAccess.copyOut(to: address, guestEvents, count: count * PackedEpollEvent.byteCount) { return count }
        // As ep_send_events: what fits before the fault is delivered, the rest is kept.
        var delivered = 0
        while delivered < count,
            GuestAccess.store(
                guestEvents[delivered], at: address + UInt64(delivered * PackedEpollEvent.byteCount))
        { delivered += 1 }
        set.putBack(hostEvents + delivered, count - delivered)
        return delivered > 0 ? delivered : failed(EFAULT)
    }
}
