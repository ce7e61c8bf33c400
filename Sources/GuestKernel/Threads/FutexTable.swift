import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// Guest futexes: queues of waiters by key.
///
/// Whoever wakes a waiter writes the result into its record under the lock, before its own call
/// returns (architecture §3).
final class FutexTable: Sendable {
    struct Waiter {
        var thread: GuestThread
        var key: FutexKey
        var bitset: UInt32
        var role = FutexRole.wake
    }

    struct State {
        /// In the order of arrival. Few threads ever wait at once, so one flat list is searched.
        var waiters: [Waiter] = []
    }

    let state = Mutex(State())
    /// Whether futexes in shared memory are the host's: other processes of the guest's may have them.
    let usesHost = Atomic<Bool>(false)

    /// The queue at a checkpoint.
    var record: FutexRecord {
        state.withLock { state in
            FutexRecord(
                waiters: state.waiters.map { waiter in
                    FutexRecord.Waiter(
                        tid: waiter.thread.tid, isShared: waiter.key.isShared, bitset: waiter.bitset,
                        role: FutexRecord.Role(waiter.role))
                })
        }
    }

    /// Puts restored threads where they were in the queue, before any of them runs: a thread that wakes one need not
    /// wait for it to have made its call again.
    func restore(_ record: FutexRecord, _ kernel: GuestKernel) {
        let waiters = record.waiters.compactMap { waiter -> Waiter? in
            guard let thread = kernel.threads.find(tid: waiter.tid) else { return nil }
            let key = { address in
                waiter.isShared ? FutexKey(address: address, in: kernel.memory) : FutexKey(privateAddress: address)
            }
            return Waiter(
                thread: thread, key: key(thread.waiter.futexAddress), bitset: waiter.bitset,
                role: waiter.role.role(key))
        }
        state.withLock { $0.waiters = waiters }
    }

    /// Takes up to `count` waiters on a futex whose bitset meets `bitset`, decides their result,
    /// and wakes them. Returns how many, or -EINVAL where one waits for a lock.
    func wake(_ key: FutexKey, count: Int, bitset: UInt32) -> Int {
        state.withLock { $0.wake(key, count: count, bitset: bitset) }
    }
}

extension FutexTable.State {
    mutating func wake(_ key: FutexKey, count: Int, bitset: UInt32) -> Int {
        if count <= 0 { return 0 }
        var woken = 0
        var index = 0
        while index < waiters.count, woken < count {
            let waiter = waiters[index]
            guard waiter.key == key, waiter.bitset & bitset != 0 else {
                index += 1
                continue
            }
            guard waiter.role == .wake else { return failed(EINVAL) }
            waiters.remove(at: index)
            waiter.thread.waiter.result = 0
            waiter.thread.wakeUp()
            woken += 1
        }
        return woken
    }

    /// `address` is the destination's, for the waiters' records.
    mutating func requeue(from source: FutexKey, to destination: FutexKey, at address: UInt64, count: Int) -> Int {
        var moved = 0
        for index in waiters.indices where moved < count && waiters[index].key == source {
            guard waiters[index].role == .wake else { return failed(EINVAL) }
            waiters[index].key = destination
            waiters[index].thread.waiter.futexAddress = address
            moved += 1
        }
        return moved
    }

    /// Takes a waiter out; false when somebody has woken it already.
    mutating func remove(_ thread: GuestThread) -> Bool {
        take(thread) != nil
    }

    /// The same, with what it waited for.
    mutating func take(_ thread: GuestThread) -> FutexTable.Waiter? {
        waiters.firstIndex { $0.thread === thread }.map { waiters.remove(at: $0) }
    }
}
