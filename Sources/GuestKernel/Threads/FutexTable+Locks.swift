import Glibc
import GuestMemory

/// Futexes whose word says who owns them. There is no boosting of priorities: what is left of priority inheritance is
/// that the kernel hands a lock from its owner to the one who waits, who never sees it free.
extension FutexTable.State {
    /// How a call that is made again goes on, which another thread may have decided or a restored one be in the queue
    /// for: its result, or none yet. Nil for one that begins.
    mutating func standing(of thread: GuestThread, maySleep: Bool) -> (result: Int?, Void)? {
        if let result = thread.waiter.result { return (result, ()) }
        if thread.waiter.futexAddress == 0 { return nil }
        if maySleep { return (nil, ()) }
        let isMoved = take(thread)?.role == .lock && thread.callArguments.e == thread.waiter.futexAddress
        thread.waiter.futexAddress = 0
        return (isMoved ? failed(EAGAIN) : Restart.always, ())
    }

    /// What came of trying to take a lock.
    enum Attempt {
        case taken
        /// Somebody else's, and the word says that there are waiters.
        case held
        case refused(Int32)
    }

    /// Takes a lock for a thread, or marks it as waited for (futex_lock_pi_atomic in kernel/futex/pi.c).
    func attempt(at address: UInt64, by thread: GuestThread, hasWaiters: Bool) -> Attempt {
        let tid = UInt32(bitPattern: thread.tid)
        guard var found = GuestAccess.loadWord(at: address) else { return .refused(EFAULT) }
        while true {
            let owner = found & FutexOwner.tidMask
            if owner == tid { return .refused(EDEADLK) }
            var desired = found | FutexOwner.waiters
            if owner == 0 {
                desired = found & FutexOwner.died | tid | (hasWaiters ? FutexOwner.waiters : 0)
            }
            guard let seen = GuestAccess.compareExchangeWord(at: address, expected: found, desired: desired)
            else { return .refused(EFAULT) }
            if seen == found {
                if owner == 0 { return .taken }
                if FutexTable.State.isAlive(owner, thread.kernel) { return .held }
                // The word says so before the owner is looked for; an owner that has ended meanwhile has changed it.
                guard let now = GuestAccess.loadWord(at: address) else { return .refused(EFAULT) }
                if now == desired { return .refused(ESRCH) }
                found = now
                continue
            }
            found = seen
        }
    }

    /// A thread on its way out has its locks until it has handed them over.
    private static func isAlive(_ owner: UInt32, _ kernel: GuestKernel) -> Bool {
        guard let thread = kernel.threads.findAny(tid: Int32(bitPattern: owner)) else { return false }
        return !thread.hasLeftFutexes
    }

    /// Whether the owner of the lock waits, in as many steps as it takes, for one that `thread` owns.
    func wouldDeadlock(at address: UInt64, _ thread: GuestThread) -> Bool {
        var place = address
        for _ in 0...waiters.count {
            guard let word = GuestAccess.loadWord(at: place) else { return false }
            let owner = Int32(bitPattern: word & FutexOwner.tidMask)
            if owner == thread.tid { return true }
            guard let next = waiters.first(where: { $0.thread.tid == owner && $0.role == .lock }) else { return false }
            place = next.thread.waiter.futexAddress
        }
        return false
    }

    /// Gives the lock up for its owner: to who has waited longest, or to nobody.
    mutating func unlock(_ key: FutexKey, at address: UInt64, by thread: GuestThread) -> Int {
        let tid = UInt32(bitPattern: thread.tid)
        guard var found = GuestAccess.loadWord(at: address) else { return failed(EFAULT) }
        let first = waiters.firstIndex { $0.key == key }
        while true {
            guard found & FutexOwner.tidMask == tid else { return failed(EPERM) }
            if let first, waiters[first].role != .lock { return failed(EINVAL) }
            let next = first.map { UInt32(bitPattern: waiters[$0].thread.tid) | FutexOwner.waiters } ?? 0
            guard let seen = GuestAccess.compareExchangeWord(at: address, expected: found, desired: next)
            else { return failed(EFAULT) }
            if seen == found {
                if let first { decide(first) }
                return 0
            }
            found = seen
        }
    }

    /// Who waits for a lock of a thread that ends gets it, and is told of the owner's death (exit_pi_state_list). What
    /// is in the thread's robust list has no owner any more by now.
    mutating func handOverLocks(of thread: GuestThread) {
        thread.hasLeftFutexes = true
        let tid = UInt32(bitPattern: thread.tid)
        var index = 0
        while index < waiters.count {
            let waiter = waiters[index]
            let address = waiter.thread.waiter.futexAddress
            guard waiter.role == .lock, let found = GuestAccess.loadWord(at: address) else {
                index += 1
                continue
            }
            let owner = found & FutexOwner.tidMask
            let isFree = owner == tid || owner == 0 && found & FutexOwner.died != 0
            let desired = UInt32(bitPattern: waiter.thread.tid) | FutexOwner.waiters | FutexOwner.died
            if isFree, GuestAccess.compareExchangeWord(at: address, expected: found, desired: desired) == found {
                decide(index)
            } else {
                index += 1
            }
        }
    }

    /// A waiter has what it waits for.
    private mutating func decide(_ index: Int) {
        let waiter = waiters.remove(at: index)
        waiter.thread.waiter.result = 0
        waiter.thread.wakeUp()
    }

    /// Moves those who wait to be moved; the first one gets the lock at once if nobody has it (futex_requeue). How many
    /// were moved, or an errno.
    mutating func moveToLock(
        from source: FutexKey, to destination: FutexKey, at address: UInt64, countMax: Int
    ) -> Int {
        var done = 0
        var index = 0
        while index < waiters.count, done < countMax {
            guard waiters[index].key == source else {
                index += 1
                continue
            }
            let thread = waiters[index].thread
            guard waiters[index].role == .move(to: destination, at: address) else { return failed(EINVAL) }
            if done == 0 {
                let others = waiters.reduce(0) { $0 + ($1.key == source ? 1 : 0) } - 1
                let hasWaiters = others > 0 && countMax > 1 || waiters.contains { $0.key == destination }
                switch attempt(at: address, by: thread, hasWaiters: hasWaiters) {
                case .refused(let error): return failed(error)
                case .taken:
                    decide(index)
                    done += 1
                    continue
                case .held: break
                }
            }
            waiters[index].key = destination
            waiters[index].role = .lock
            thread.waiter.futexAddress = address
            done += 1
            index += 1
        }
        return done
    }
}
