import RecordCoding

/// Who waits on futexes, in the order of arrival. On which address a thread waits is in its own record.
///
/// Without it a thread that is restored first could wake nobody, because those that it means have not made their calls
/// again yet: one that was requeued would never look at its futex's value again.
struct FutexRecord: Sendable, Equatable {
    struct Waiter: Sendable, Equatable {
        var tid: Int32
        /// Whether the futex is told by what is mapped there rather than by the address.
        var isShared: Bool
        var bitset: UInt32
        var role = Role(.wake)
    }

    /// `FutexRole` as plain numbers.
    struct Role: Sendable, Equatable {
        fileprivate var kind: UInt8
        /// Where the lock is that a thread is to be moved to.
        fileprivate var lockAddress: UInt64 = 0

        init(_ role: FutexRole) {
            switch role {
            case .wake: kind = 0
            case .lock: kind = 1
            case .move(_, let address): (kind, lockAddress) = (2, address)
            }
        }

        /// `key` makes a futex's key of its address.
        func role(_ key: (UInt64) -> FutexKey) -> FutexRole {
            switch kind {
            case 0: .wake
            case 1: .lock
            default: .move(to: key(lockAddress), at: lockAddress)
            }
        }
    }

    var waiters: [Waiter]
}

extension FutexRecord {
    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        let waiters = try reader.getAll { reader throws(RecordError) in
            var waiter = Waiter(tid: try reader.get(), isShared: try reader.getFlag(), bitset: try reader.get())
            waiter.role.kind = try reader.get()
            waiter.role.lockAddress = try reader.get()
            guard waiter.role.kind <= 2 else { throw .isMalformed }
            return waiter
        }
        try reader.finish()
        self.init(waiters: waiters)
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 4 + waiters.count * 18)
        writer.putAll(waiters) { writer, waiter in
            writer.put(waiter.tid)
            writer.put(waiter.isShared)
            writer.put(waiter.bitset)
            writer.put(waiter.role.kind)
            writer.put(waiter.role.lockAddress)
        }
        return writer.bytes
    }
}
