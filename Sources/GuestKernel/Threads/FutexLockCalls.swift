import Glibc
import GuestMemory
import Synchronization

/// futex(2), the operations on words that say who owns them: FUTEX_LOCK_PI and what belongs to it.
enum FutexLockCalls {
    enum Operation {
        static let lock = 6
        static let unlock = 7
        static let tryLock = 8
        static let waitRequeue = 11
        static let compareRequeue = 12
        /// FUTEX_LOCK_PI2: as `lock`, with either clock.
        static let lockByClock = 13
        static let all: Set<Int> = [lock, unlock, tryLock, waitRequeue, compareRequeue, lockByClock]
        static let withClock: Set<Int> = [waitRequeue, lockByClock]
    }

    /// The address lies in the guest and is aligned.
    static func futex(_ thread: GuestThread, _ arguments: SyscallArguments, _ operation: Int) -> Int {
        let isRealtime = arguments.b & FutexCalls.clockRealtimeFlag != 0
        if isRealtime, !Operation.withClock.contains(operation) { return failed(ENOSYS) }
        switch operation {
        case Operation.lock: return lock(thread, arguments, isRealtime: true)
        case Operation.lockByClock: return lock(thread, arguments, isRealtime: isRealtime)
        case Operation.tryLock: return tryLock(thread, arguments)
        case Operation.unlock:
            let key = FutexCalls.key(thread, arguments, arguments.a)
            return thread.kernel.futexes.state.withLock { $0.unlock(key, at: arguments.a, by: thread) }
        case Operation.waitRequeue: return waitRequeue(thread, arguments, isRealtime: isRealtime)
        default: return compareRequeue(thread, arguments)
        }
    }

    // MARK: - Locks

    private static func tryLock(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let key = FutexCalls.key(thread, arguments, arguments.a)
        return thread.kernel.futexes.state.withLock { state in
            let hasWaiters = state.waiters.contains { $0.key == key }
            switch state.attempt(at: arguments.a, by: thread, hasWaiters: hasWaiters) {
            case .taken: return 0
            case .held: return failed(EAGAIN)
            case .refused(let error): return failed(error)
            }
        }
    }

    private static func lock(_ thread: GuestThread, _ arguments: SyscallArguments, isRealtime: Bool) -> Int {
        if let refusal = setDeadline(thread, arguments, isRealtime: isRealtime) { return refusal }
        let key = FutexCalls.key(thread, arguments, arguments.a)
        let maySleep = thread.prepareToSleep()
        let ended: Int? = thread.kernel.futexes.state.withLock { state in
            if let known = state.standing(of: thread, maySleep: maySleep) { return known.result }
            let hasWaiters = state.waiters.contains { $0.key == key }
            switch state.attempt(at: arguments.a, by: thread, hasWaiters: hasWaiters) {
            case .taken: return 0
            case .refused(let error): return failed(error)
            case .held: break
            }
            if state.wouldDeadlock(at: arguments.a, thread) { return failed(EDEADLK) }
            if !maySleep { return Restart.always }
            thread.waiter.futexAddress = arguments.a
            state.waiters.append(FutexTable.Waiter(thread: thread, key: key, bitset: .max, role: .lock))
            return nil
        }
        return ended ?? sleep(thread)
    }

    private static func setDeadline(
        _ thread: GuestThread, _ arguments: SyscallArguments, isRealtime: Bool
    ) -> Int? {
        guard arguments.d != 0, thread.waiter.deadlineNanoseconds == nil else { return nil }
        switch GuestClock.loadTime(at: arguments.d) {
        case .failure(let error): return failed(error.errno)
        case .success(let time):
            thread.waiter.deadlineNanoseconds = isRealtime ? thread.kernel.clock.deadline(atRealtime: time) : time
            return nil
        }
    }

    /// Sleeps until the lock is the thread's, which whoever gives it has written into the word.
    private static func sleep(_ thread: GuestThread, isToBeMoved: Bool = false) -> Int {
        let isInTime = thread.sleepUntilWoken(deadlineNanoseconds: thread.waiter.deadlineNanoseconds)
        let left = thread.kernel.futexes.state.withLock { $0.take(thread) }
        guard let left else { return thread.waiter.result ?? 0 }
        thread.waiter.futexAddress = 0
        if !isInTime { return failed(ETIMEDOUT) }
        // Moved to the lock meanwhile, a wait cannot be made again: the program looks at its condition.
        return isToBeMoved && left.role == .lock ? failed(EAGAIN) : Restart.always
    }

    // MARK: - Moving waiters to a lock

    private static func waitRequeue(_ thread: GuestThread, _ arguments: SyscallArguments, isRealtime: Bool) -> Int {
        guard arguments.a != arguments.e, arguments.e & 3 == 0 else { return failed(EINVAL) }
        if let refusal = setDeadline(thread, arguments, isRealtime: isRealtime) { return refusal }
        let key = FutexCalls.key(thread, arguments, arguments.a)
        let lockKey = FutexCalls.key(thread, arguments, arguments.e)
        let maySleep = thread.prepareToSleep()
        let ended: Int? = thread.kernel.futexes.state.withLock { state in
            if let known = state.standing(of: thread, maySleep: maySleep) { return known.result }
            if !maySleep { return Restart.always }
            guard let found = GuestAccess.loadWord(at: arguments.a) else { return failed(EFAULT) }
            if found != UInt32(truncatingIfNeeded: arguments.c) { return failed(EAGAIN) }
            thread.waiter.futexAddress = arguments.a
            state.waiters.append(
                FutexTable.Waiter(
                    thread: thread, key: key, bitset: .max, role: .move(to: lockKey, at: arguments.e)))
            return nil
        }
        return ended ?? sleep(thread, isToBeMoved: true)
    }

    private static func compareRequeue(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let moveCount = Int(Int32(truncatingIfNeeded: arguments.d))
        // One is woken with the lock, or none: never more (FUTEX_CMP_REQUEUE_PI in futex(2)).
        guard Int32(truncatingIfNeeded: arguments.c) == 1, moveCount >= 0 else { return failed(EINVAL) }
        guard arguments.a != arguments.e, arguments.e & 3 == 0 else { return failed(EINVAL) }
        guard GuestAccess.loadWord(at: arguments.e) != nil else { return failed(EFAULT) }
        let source = FutexCalls.key(thread, arguments, arguments.a)
        let destination = FutexCalls.key(thread, arguments, arguments.e)
        return thread.kernel.futexes.state.withLock { state in
            guard let found = GuestAccess.loadWord(at: arguments.a) else { return failed(EFAULT) }
            if found != UInt32(truncatingIfNeeded: arguments.f) { return failed(EAGAIN) }
            return state.moveToLock(from: source, to: destination, at: arguments.e, countMax: moveCount + 1)
        }
    }
}
