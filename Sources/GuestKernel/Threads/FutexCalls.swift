import Glibc
import GuestMemory
import Synchronization

/// futex(2).
enum FutexCalls {
    private enum Operation {
        static let wait = 0
        static let wake = 1
        static let requeue = 3
        static let compareRequeue = 4
        static let wakeOperation = 5
        static let waitBitset = 9
        static let wakeBitset = 10
        static let privateFlag: UInt64 = 128
        static let clockRealtime = FutexCalls.clockRealtimeFlag
    }

    static let clockRealtimeFlag: UInt64 = 256

    private static let anyBit: UInt32 = .max

    static func futex(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let operation = Int(arguments.b & ~(Operation.privateFlag | Operation.clockRealtime) & 0xffff_ffff)
        let value = UInt32(truncatingIfNeeded: arguments.c)
        let count = Int(Int32(bitPattern: value))
        let address = arguments.a
        guard address & 3 == 0 else { return failed(EINVAL) }
        guard GuestAccess.isInRange(address, 4) else { return failed(EFAULT) }
        if FutexLockCalls.Operation.all.contains(operation) {
            return FutexLockCalls.futex(thread, arguments, operation)
        }
        let table = thread.kernel.futexes
        switch operation {
        case Operation.wait:
            return wait(thread, arguments, value, bitset: anyBit, isAbsolute: false)
        case Operation.waitBitset:
            let bitset = UInt32(truncatingIfNeeded: arguments.f)
            return bitset == 0 ? failed(EINVAL) : wait(thread, arguments, value, bitset: bitset, isAbsolute: true)
        case Operation.wake:
            return table.wake(at: address, key(thread, arguments, address), count: max(count, 1), bitset: anyBit)
        case Operation.wakeBitset:
            let bitset = UInt32(truncatingIfNeeded: arguments.f)
            if bitset == 0 { return failed(EINVAL) }
            return table.wake(at: address, key(thread, arguments, address), count: max(count, 1), bitset: bitset)
        case Operation.requeue, Operation.compareRequeue:
            return requeue(thread, arguments, count, compares: operation == Operation.compareRequeue)
        case Operation.wakeOperation:
            return wakeOperation(thread, arguments, count)
        default:
            return failed(ENOSYS)
        }
    }

    static func key(_ thread: GuestThread, _ arguments: SyscallArguments, _ address: UInt64) -> FutexKey {
        if arguments.b & Operation.privateFlag != 0 { return FutexKey(privateAddress: address) }
        return FutexKey(address: address, in: thread.kernel.memory)
    }

    // MARK: - Waiting

    private static func wait(
        _ thread: GuestThread, _ arguments: SyscallArguments, _ value: UInt32, bitset: UInt32, isAbsolute: Bool
    ) -> Int {
        if arguments.d != 0, thread.waiter.deadlineNanoseconds == nil {
            switch deadline(thread, arguments, isAbsolute: isAbsolute) {
            case .success(let deadline): thread.waiter.deadlineNanoseconds = deadline
            case .failure(let error): return failed(error.errno)
            }
        }
        let table = thread.kernel.futexes
        let key = key(thread, arguments, arguments.a)
        if table.isOnHost(key) {
            let deadline = thread.waiter.deadlineNanoseconds
            return SharedFutex.wait(thread, at: arguments.a, while: value, deadline) ?? restart(thread)
        }
        let maySleep = thread.prepareToSleep()
        let ended: Int? = table.state.withLock { state in
            // Decided before the takeover that the call is made again after, or since then.
            if let result = thread.waiter.result { return result }
            // A restored thread is in the queue already, where it was and perhaps moved from the call's own address.
            let isQueued = thread.waiter.futexAddress != 0
            if !maySleep {
                if isQueued { _ = state.remove(thread) }
                thread.waiter.futexAddress = 0
                return restart(thread)
            }
            if isQueued { return nil }
            guard let found = GuestAccess.loadWord(at: arguments.a) else { return failed(EFAULT) }
            if found != value { return failed(EAGAIN) }
            thread.waiter.futexAddress = arguments.a
            state.waiters.append(FutexTable.Waiter(thread: thread, key: key, bitset: bitset))
            return nil
        }
        if let ended { return ended }
        let isInTime = thread.sleepUntilWoken(deadlineNanoseconds: thread.waiter.deadlineNanoseconds)
        let wasWaiting = table.state.withLock { $0.remove(thread) }
        if !wasWaiting { return thread.waiter.result ?? 0 }
        thread.waiter.futexAddress = 0
        if !isInTime { return failed(ETIMEDOUT) }
        return restart(thread)
    }

    private static func restart(_ thread: GuestThread) -> Int {
        thread.waiter.deadlineNanoseconds == nil ? Restart.system : Restart.withoutHandler
    }

    private static func deadline(
        _ thread: GuestThread, _ arguments: SyscallArguments, isAbsolute: Bool
    ) -> Result<UInt64, CallError> {
        let clock = thread.kernel.clock
        if !isAbsolute { return clock.deadline(afterTimeoutAt: arguments.d) }
        return GuestClock.loadTime(at: arguments.d).map { time in
            arguments.b & Operation.clockRealtime != 0 ? clock.deadline(atRealtime: time) : time
        }
    }

    // MARK: - Waking

    private static func requeue(
        _ thread: GuestThread, _ arguments: SyscallArguments, _ wakeCount: Int, compares: Bool
    ) -> Int {
        let source = arguments.a
        let destination = arguments.e
        let moveCount = Int(Int32(truncatingIfNeeded: arguments.d))
        guard wakeCount >= 0, moveCount >= 0 else { return failed(EINVAL) }
        guard destination & 3 == 0 else { return failed(EINVAL) }
        guard GuestAccess.loadWord(at: destination) != nil else { return failed(EFAULT) }
        let sourceKey = key(thread, arguments, source)
        let destinationKey = key(thread, arguments, destination)
        let table = thread.kernel.futexes
        if table.isOnHost(sourceKey) || table.isOnHost(destinationKey) {
            if compares, let error = mismatch(source, arguments) { return error }
            return table.wake(at: source, sourceKey, count: wakeCount + moveCount, bitset: anyBit)
        }
        return table.state.withLock { state in
            if compares, let error = mismatch(source, arguments) { return error }
            let woken = state.wake(sourceKey, count: wakeCount, bitset: anyBit)
            if woken < 0 { return woken }
            let moved = state.requeue(from: sourceKey, to: destinationKey, at: destination, count: moveCount)
            return moved < 0 ? moved : woken + moved
        }
    }

    private static func mismatch(_ source: UInt64, _ arguments: SyscallArguments) -> Int? {
        guard let found = GuestAccess.loadWord(at: source) else { return failed(EFAULT) }
        return found == UInt32(truncatingIfNeeded: arguments.f) ? nil : failed(EAGAIN)
    }

    private static func wakeOperation(_ thread: GuestThread, _ arguments: SyscallArguments, _ count: Int) -> Int {
        let second = arguments.e
        let encoded = UInt32(truncatingIfNeeded: arguments.f)
        guard second & 3 == 0 else { return failed(EINVAL) }
        let firstKey = key(thread, arguments, arguments.a)
        let secondKey = key(thread, arguments, second)
        let table = thread.kernel.futexes
        let secondCount = max(Int(Int32(truncatingIfNeeded: arguments.d)), 1)
        if table.isOnHost(firstKey) || table.isOnHost(secondKey) {
            return update(second, encoded).map { old in
                let woken = table.wake(at: arguments.a, firstKey, count: max(count, 1), bitset: anyBit)
                if woken < 0 || !holds(old, encoded) { return woken }
                let also = table.wake(at: second, secondKey, count: secondCount, bitset: anyBit)
                return also < 0 ? also : woken + also
            }.result
        }
        return table.state.withLock { state in
            update(second, encoded).map { old in
                let woken = state.wake(firstKey, count: max(count, 1), bitset: anyBit)
                if woken < 0 || !holds(old, encoded) { return woken }
                let also = state.wake(secondKey, count: secondCount, bitset: anyBit)
                return also < 0 ? also : woken + also
            }.result
        }
    }

    /// Does FUTEX_OP's arithmetic atomically and returns the old value.
    private static func update(_ address: UInt64, _ encoded: UInt32) -> Result<UInt32, CallError> {
        var operand = UInt32(bitPattern: Int32(bitPattern: encoded << 8) >> 20)
        if encoded >> 28 & 8 != 0 { operand = 1 << (operand & 31) }
        guard var expected = GuestAccess.loadWord(at: address) else { return .failure(CallError(errno: EFAULT)) }
        while true {
            let desired: UInt32
            switch encoded >> 28 & 7 {
            case 0: desired = operand
            case 1: desired = expected &+ operand
            case 2: desired = expected | operand
            case 3: desired = expected & ~operand
            case 4: desired = expected ^ operand
            default: return .failure(CallError(errno: ENOSYS))
            }
            guard let found = GuestAccess.compareExchangeWord(at: address, expected: expected, desired: desired)
            else { return .failure(CallError(errno: EFAULT)) }
            if found == expected { return .success(found) }
            expected = found
        }
    }

    private static func holds(_ old: UInt32, _ encoded: UInt32) -> Bool {
        let left = Int32(bitPattern: old)
        let right = Int32(bitPattern: encoded << 20) >> 20
        switch encoded >> 24 & 15 {
        case 0: return left == right
        case 1: return left != right
        case 2: return left < right
        case 3: return left <= right
        case 4: return left > right
        case 5: return left >= right
        default: return false
        }
    }
}
