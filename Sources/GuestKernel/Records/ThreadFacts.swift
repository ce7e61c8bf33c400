import RecordCoding

/// What is kept of the threads' records, to see whether they fit together.
struct ThreadFacts: Sendable {
    /// By tid: whether it stands in the queue of a futex.
    private var isQueued: [Int32: Bool] = [:]
    /// Who stands there by the futexes' record, lowest tid first.
    private var waiters: [Int32] = []
    private var hasEnded = false

    mutating func remove(_ number: UInt64) {
        guard let tid = Int32(exactly: number) else { return }
        isQueued[tid] = nil
    }

    mutating func note(_ number: UInt64, _ bytes: [UInt8]) throws(RecordError) {
        guard let tid = ThreadFacts.tid(number) else { throw .isMalformed }
        isQueued[tid] = try ThreadRecord(tid: tid, decoding: bytes).isQueued
    }

    mutating func note(_ process: ProcessRecord) {
        hasEnded = process.end != nil
    }

    mutating func note(_ futexes: FutexRecord) {
        waiters = futexes.sortedTids
    }

    func check() throws(RestoreError) {
        try ThreadFacts.check(
            hasThreads: !isQueued.isEmpty, hasEnded: hasEnded, queued: isQueued.filter { $0.value }.keys.sorted(),
            waiters: waiters)
    }

    /// The tid that a record is of; nil for one that no thread has.
    static func tid(_ number: UInt64) -> Int32? {
        Int32(exactly: number).flatMap { 1...ThreadList.lastTid ~= $0 ? $0 : nil }
    }

    static func check(hasThreads: Bool, hasEnded: Bool, queued: [Int32], waiters: [Int32]) throws(RestoreError) {
        if !hasThreads, !hasEnded { throw RestoreError("the guest's records hold no thread") }
        // A thread takes its place in the queue for granted when it makes its call again.
        if queued != waiters { throw RestoreError("the guest's record futexes 0 does not fit those of its threads") }
    }
}

extension ThreadRecord {
    /// Whether it stands in the queue of a futex.
    var isQueued: Bool { waiter.futexAddress != 0 && waiter.result == nil }
}

extension FutexRecord {
    var sortedTids: [Int32] { waiters.map(\.tid).sorted() }
}
