/// A waiting thread's record as the last checkpoint had it, with what others may have changed since.
///
/// Encoding one takes some microseconds of the pause, and most threads of most programs wait for whole epochs.
struct KeptThreadRecord {
    let waitCount: UInt64
    let name: [UInt8]
    let signals: ThreadSignals
    let waiter: WaiterRecord
    let mustEnd: Bool
    let bytes: [UInt8]
}

extension GuestThread {
    /// The record of a thread that is stopped; `threadSignals` are its own, read under their lock.
    func encodedRecord(_ threadSignals: ThreadSignals) -> [UInt8] {
        // Its own fields are as they were: it is in the wait that it was in.
        guard phase.load(ordering: .sequentiallyConsistent) == ThreadPhase.waiting else {
            return ThreadRecord(of: self, threadSignals).encoded()
        }
        let (name, waiter, mustEnd) = (name, waiter, mustEnd.load(ordering: .acquiring))
        let waitCount = waitCount.load(ordering: .relaxed)
        if let kept = keptRecord, kept.waitCount == waitCount, kept.mustEnd == mustEnd, kept.waiter == waiter,
            kept.signals == threadSignals, kept.name == name
        {
            return kept.bytes
        }
        let bytes = ThreadRecord(of: self, threadSignals).encoded()
        keptRecord = KeptThreadRecord(
            waitCount: waitCount, name: name, signals: threadSignals, waiter: waiter, mustEnd: mustEnd, bytes: bytes)
        return bytes
    }
}
