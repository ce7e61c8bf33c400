import GuestKernel
import Replication
import Synchronization

/// Captured epochs in order, between the thread that cuts them and the one that writes to the link; and who of the two
/// has the link.
///
/// Nobody who cuts ever waits here. `EpochPace` sees to it that there is an end to what is put in.
final class EpochQueue: Sendable {
    /// What the sending thread is to do next.
    enum Work {
        case epoch(CapturedEpoch)
        /// Encoded already; the link did not take it at once.
        case rest([UInt8])
    }

    private struct State {
        var waiting: [CapturedEpoch] = []
        var waitingByteCount = 0
        var begunByteCount = 0
        var isLinkTaken = false
        var rest: [UInt8] = []
        /// To be filled again, with the memory that they have; the one used last is the last.
        var free: [CapturedEpoch] = []
        var takenCount: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Counts what the sending thread may sleep for.
    private let changes = Atomic<UInt32>(0)
    private let freeByteCountMax: Int

    /// One for the next cut while others are on their way. Their memory was touched already, which saves as much as
    /// copying the pages costs.
    private static let freeCountMax = 2
    /// Every so many times the one that has not been used for longest is taken, as what a large epoch had is given back
    /// by filling it with small ones. The last one's memory may be in the processor's cache.
    private static let rotationPeriod: UInt64 = 4

    init(freeByteCountMax: Int) {
        self.freeByteCountMax = freeByteCountMax
    }

    var load: QueueLoad {
        state.withLock { state in
            var load = QueueLoad()
            load.waitingByteCount = state.waitingByteCount
            load.waitingCount = state.waiting.count
            load.begunByteCount = state.begunByteCount
            load.oldestPutNanoseconds = state.waiting.first?.putNanoseconds ?? 0
            return load
        }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    // MARK: - The capture's side

    /// An epoch to be filled.
    func makeEpoch(_ number: UInt64) throws(SupervisorError) -> CapturedEpoch {
        let epoch: CapturedEpoch
        if let free = state.withLock({ EpochQueue.takeFree(&$0) }) { epoch = free } else { epoch = try CapturedEpoch() }
        epoch.begin(number)
        return epoch
    }

    private static func takeFree(_ state: inout State) -> CapturedEpoch? {
        if state.free.isEmpty { return nil }
        state.takenCount += 1
        return state.takenCount % rotationPeriod == 0 ? state.free.removeFirst() : state.free.removeLast()
    }

    /// Takes the last epoch back, for one more cut to go into it; nil where none waits that may grow.
    func withdrawLast() -> CapturedEpoch? {
        state.withLock { state in
            guard let last = state.waiting.last, last.mayGrow else { return nil }
            state.waiting.removeLast()
            state.waitingByteCount -= last.byteCount
            return last
        }
    }

    /// Puts an epoch behind all others.
    func put(_ epoch: CapturedEpoch) {
        state.withLock { state in
            if state.isClosed { return }
            precondition(state.waiting.last.map { $0.number < epoch.number } ?? true, "an epoch is queued out of order")
            state.waiting.append(epoch)
            state.waitingByteCount += epoch.byteCount
        }
        announceChange()
    }

    /// Takes the link for the thread that cuts, where nothing waits for it and nobody writes to it.
    func takeLink() -> Bool {
        state.withLock { state in
            if state.isLinkTaken || !state.waiting.isEmpty || state.isClosed { return false }
            state.isLinkTaken = true
            return true
        }
    }

    /// Gives the link back; what it did not take at once is left to the sending thread.
    func giveBackLink(rest: [UInt8]) {
        state.withLock { state in
            state.rest = rest
            state.begunByteCount = rest.count
            state.isLinkTaken = !rest.isEmpty
        }
        if !rest.isEmpty { announceChange() }
    }

    /// Keeps an epoch that has been sent, or is none, to be filled again, within limits.
    func recycle(_ epoch: CapturedEpoch) {
        state.withLock { state in
            let used = state.waitingByteCount + state.begunByteCount + epoch.pages.byteCount
            let free = state.free.reduce(0) { $0 + $1.pages.byteCount }
            guard !state.isClosed, state.free.count < EpochQueue.freeCountMax, used + free <= freeByteCountMax else {
                return
            }
            state.free.append(epoch)
        }
    }

    // MARK: - The sending thread's side

    /// The next thing to be sent; the link is the caller's until `finish`. Sleeps until there is something; nil once
    /// the queue is closed.
    func next() -> Work? {
        while true {
            let seen = changes.load(ordering: .sequentiallyConsistent)
            let (work, isClosed) = state.withLock { state in (EpochQueue.takeWork(&state), state.isClosed) }
            if let work { return work }
            if isClosed { return nil }
            HostFutex.wait(changes, while: seen)
        }
    }

    private static func takeWork(_ state: inout State) -> Work? {
        if state.isClosed { return nil }
        if !state.rest.isEmpty {
            defer { state.rest = [] }
            return .rest(state.rest)
        }
        if state.isLinkTaken || state.waiting.isEmpty { return nil }
        let first = state.waiting.removeFirst()
        state.waitingByteCount -= first.byteCount
        state.begunByteCount = first.byteCount
        state.isLinkTaken = true
        return .epoch(first)
    }

    /// What `next` returned has been sent.
    func finish() {
        state.withLock { state in
            state.begunByteCount = 0
            state.isLinkTaken = false
        }
    }

    // MARK: - The end

    /// Nothing is sent any more: what waits is forgotten.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.waiting = []
            state.waitingByteCount = 0
            state.rest = []
            state.free = []
        }
        announceChange()
    }

    private func announceChange() {
        changes.wrappingAdd(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(changes)
    }
}
