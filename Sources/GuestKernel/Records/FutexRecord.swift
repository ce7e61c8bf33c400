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
    }

    var waiters: [Waiter]
}

extension FutexRecord {
    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        let waiters = try reader.getAll { reader throws(RecordError) in
            Waiter(tid: try reader.get(), isShared: try reader.getFlag(), bitset: try reader.get())
        }
        try reader.finish()
        self.init(waiters: waiters)
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 4 + waiters.count * 9)
        writer.putAll(waiters) { writer, waiter in
            writer.put(waiter.tid)
            writer.put(waiter.isShared)
            writer.put(waiter.bitset)
        }
        return writer.bytes
    }
}
