import Synchronization

/// A description's record under its lock. It remembers that it was touched, so that a checkpoint encodes anew only what
/// may have changed: with thousands of idle sockets that is what the pause consists of.
struct RecordCell: ~Copyable, Sendable {
    private let value: Mutex<ObjectRecord>
    private let mayHaveChanged = Atomic<Bool>(true)

    init(_ record: ObjectRecord) {
        value = Mutex(record)
    }

    /// Gives `body` the record under the lock, to read or to change.
    func withLock<Result: Sendable>(_ body: (inout ObjectRecord) -> Result) -> Result {
        value.withLock { record in
            mayHaveChanged.store(true, ordering: .relaxed)
            return body(&record)
        }
    }

    /// The record, for a checkpoint: it does not count as touched.
    var current: ObjectRecord { value.withLock { $0 } }

    /// Whether somebody had the lock since the last time of asking. The guest is stopped.
    func takeChange() -> Bool {
        guard mayHaveChanged.load(ordering: .relaxed) else { return false }
        mayHaveChanged.store(false, ordering: .relaxed)
        return true
    }
}
