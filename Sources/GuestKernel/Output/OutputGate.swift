import CGuestEntry
import Glibc
import GuestMemory
import RecordCoding
import Synchronization

/// Holds what the outside could observe of the guest until the epoch that contains its cause is committed
/// (architecture §5, invariant 2). A guest's call returns at once; its bytes wait in the description's `HeldStream`.
///
/// The checkpointer cuts while the guest is stopped; commits come from whoever hears the mirror. What the host does
/// not take at once is carried on by the gate's own threads, each stream in its own order.
public final class OutputGate: Sendable {
    private enum Mode {
        static let holds: UInt8 = 0
        /// The mirror is gone: what is held goes out, and then nothing is held any more.
        static let passes: UInt8 = 1
        /// The mirror went on without us: nothing goes out any more.
        static let sealed: UInt8 = 2
    }

    /// How much of a stream an epoch holds.
    private struct Mark {
        let stream: HeldStream
        let position: UInt64
    }

    private struct CutEpoch {
        let number: UInt64
        var cutCount: UInt64
        var marks: [Mark]
    }

    private struct CommitWaiter {
        let thread: GuestThread
        let cutCount: UInt64
    }

    /// A stream that several descriptions of one outside object share, so that the order of stdout and stderr stays.
    private struct SharedStream {
        var device: UInt64
        var inode: UInt64
        weak var stream: HeldStream?
    }

    private struct State {
        /// The streams with something that no epoch contains yet, first come first.
        var uncut: [HeldStream] = []
        /// Cut and not committed, oldest first.
        var epochs: [CutEpoch] = []
        /// Cuts so far, and how many of them are committed.
        var cutCount: UInt64 = 0
        var committedCutCount: UInt64 = 0
        var waiters: [CommitWaiter] = []
        /// Travelling streams with something that went out since the mirror was last told.
        var released: [HeldStream] = []
        var shared: [SharedStream] = []

        /// An epoch may be cut again while it has not been sent, and one in which nothing happened is not sent at all:
        /// its number is free again, and what is cut next may even go into the epoch before it.
        mutating func noteCut(_ epoch: UInt64, _ marks: [Mark]) {
            cutCount += 1
            var all: [Mark] = []
            while let last = epochs.last, last.number >= epoch {
                precondition(last.number == epoch || last.marks.isEmpty, "epoch \(last.number) has output, but is gone")
                all = last.marks + all
                epochs.removeLast()
            }
            epochs.append(CutEpoch(number: epoch, cutCount: cutCount, marks: all + marks))
        }
    }

    private let mode = Atomic<UInt8>(Mode.holds)
    private let state = Mutex(State())
    private let oldestUncut = Atomic<UInt64>(0)
    /// Streams with something committed that the host has not taken yet, and those of them that the end waits for.
    private let undrained = Atomic<UInt32>(0)
    private let undrainedFiles = Atomic<UInt32>(0)
    private let demand: CheckpointDemand
    private let clock: GuestClock
    /// Nil but in tests.
    let fault: TestFault?
    let releaser = OutputReleaser()
    let blockingReleaser = BlockingReleaser()

    /// What happens to output, for whoever traces the guest.
    let trace: TraceArea?

    init(demand: CheckpointDemand, clock: GuestClock, fault: TestFault? = nil, trace: TraceArea? = nil) {
        self.fault = fault
        self.trace = trace
        self.demand = demand
        self.clock = clock
    }

    var isPassing: Bool { mode.load(ordering: .sequentiallyConsistent) == Mode.passes }
    var isSealed: Bool { mode.load(ordering: .sequentiallyConsistent) == Mode.sealed }

    /// Guest monotonic time at which the oldest output was held that no epoch contains yet; 0 when there is none.
    public var oldestUncutNanoseconds: UInt64 { oldestUncut.load(ordering: .sequentiallyConsistent) }

    // MARK: - Epochs

    /// Everything held so far belongs to this epoch. The guest is stopped. Returns what of it must travel to the mirror
    /// (`OutputLedger` reads it): what goes to outside descriptors and terminals, and datagrams.
    public func cut(epoch: UInt64) -> [UInt8] {
        let streams = state.withLock { state in
            let streams = state.uncut
            state.uncut.removeAll(keepingCapacity: true)
            return streams
        }
        oldestUncut.store(0, ordering: .sequentiallyConsistent)
        trace?.note(.epochCut(epoch, streamCount: streams.count))
        var writer = RecordWriter(capacity: 16)
        writer.put(UInt32(streams.reduce(0) { $0 + ($1.travels ? 1 : 0) }))
        let marks = streams.map { stream in
            Mark(stream: stream, position: stream.travels ? stream.cut(into: &writer) : stream.cut())
        }
        state.withLock { $0.noteCut(epoch, marks) }
        // The mirror was lost while these were in nobody's list: no commit will come for them.
        if isPassing { for stream in streams { stream.commitEverything() } }
        return writer.bytes
    }

    /// The mirror has this epoch and all before it: their output goes out, in order.
    public func commit(epoch: UInt64) {
        var due: [CutEpoch] = []
        state.withLock { state in
            while let first = state.epochs.first, first.number <= epoch { due.append(state.epochs.removeFirst()) }
        }
        guard let last = due.last else { return }
        trace?.note(.epochCommitted(epoch))
        for cut in due {
            for mark in cut.marks { mark.stream.commit(to: mark.position) }
        }
        state.withLock { state in
            state.committedCutCount = max(state.committedCutCount, last.cutCount)
            for waiter in state.waiters where waiter.cutCount <= state.committedCutCount { waiter.thread.wakeUp() }
        }
    }

    /// How far each travelling stream has gone out, where that changed since the last call; for the mirror's
    /// `OutputLedger`.
    public func takeReleased() -> [UInt8] {
        let streams = state.withLock { state in
            let streams = state.released
            state.released.removeAll(keepingCapacity: true)
            return streams
        }
        var writer = RecordWriter(capacity: 4 + 16 * streams.count)
        writer.putAll(streams) { writer, stream in
            writer.put(stream.number)
            writer.put(stream.takeReleasedPosition())
        }
        return writer.bytes
    }

    /// The mirror is gone and the guest goes on unprotected: everything goes out in order, and from then on a stream
    /// passes what the guest writes as soon as nothing of it is held. Not after `seal`.
    public func releaseEverything() {
        let (isChanged, _) = mode.compareExchange(
            expected: Mode.holds, desired: Mode.passes, ordering: .sequentiallyConsistent)
        guard isChanged else { return }
        trace?.note(.mirrorLost)
        var streams: [HeldStream] = []
        state.withLock { state in
            for epoch in state.epochs { streams += epoch.marks.map(\.stream) }
            streams += state.uncut
            state.epochs.removeAll()
            state.uncut.removeAll()
            for waiter in state.waiters { waiter.thread.wakeUp() }
        }
        // Nobody cuts any more: who waits from now on is not to wake anybody for it.
        demand.satisfy()
        oldestUncut.store(0, ordering: .sequentiallyConsistent)
        for stream in streams { stream.commitEverything() }
    }

    /// The mirror has taken over: nothing is released ever again. What the host was given before stays given.
    public func seal() {
        mode.store(Mode.sealed, ordering: .sequentiallyConsistent)
        trace?.note(.superseded)
    }

    /// How long this process outlives its guest for peers that do not read, which natively the kernel's own buffers do.
    private static let lingerNanoseconds: UInt64 = 10_000_000_000

    /// For the guest's end: waits until what was committed is out. Pipes, terminals and files as long as it takes, as a
    /// native writer would have waited before it ended; sockets, and what reads a pseudoterminal, for ten seconds.
    public func drainAtEnd() {
        while !isSealed {
            let count = undrainedFiles.load(ordering: .sequentiallyConsistent)
            if count == 0 { break }
            HostFutex.wait(undrainedFiles, while: count, timeoutNanoseconds: 1_000_000_000)
        }
        _ = drain(timeoutNanoseconds: OutputGate.lingerNanoseconds)
    }

    /// Waits until the host has taken all that was committed, at most so long; false when it has not.
    public func drain(timeoutNanoseconds: UInt64) -> Bool {
        let now = clock.monotonicNanoseconds()
        let (sum, overflow) = now.addingReportingOverflow(timeoutNanoseconds)
        let deadline = overflow ? UInt64.max : sum
        while true {
            let count = undrained.load(ordering: .sequentiallyConsistent)
            if count == 0 { return true }
            if isSealed { return false }
            let now = clock.monotonicNanoseconds()
            if now >= deadline { return false }
            HostFutex.wait(undrained, while: count, timeoutNanoseconds: deadline - now)
        }
    }

    /// Bytes that wait for a commit, over all streams.
    public var heldByteCount: Int {
        let streams = state.withLock { state in state.epochs.flatMap { $0.marks.map(\.stream) } + state.uncut }
        var seen = Set<ObjectIdentifier>()
        return streams.reduce(0) { seen.insert(ObjectIdentifier($1)).inserted ? $0 + $1.heldByteCount : $0 }
    }

    // MARK: - The streams' side

    /// The next cut is to take the stream. False when nothing has to wait for a cut any more.
    func list(_ stream: HeldStream) -> Bool {
        let isFirst = state.withLock { state -> Bool? in
            if isPassing { return nil }
            state.uncut.append(stream)
            return state.uncut.count == 1
        }
        guard let isFirst else { return false }
        if isFirst { oldestUncut.store(clock.monotonicNanoseconds(), ordering: .sequentiallyConsistent) }
        demand.want()
        // The mirror may have gone meanwhile: then nobody cuts, and each wait would wake somebody for it.
        if isPassing { demand.satisfy() }
        return true
    }

    func noteReleased(_ stream: HeldStream) {
        state.withLock { $0.released.append(stream) }
    }

    /// A stream has something committed, or nothing any more.
    func countUndrained(_ isDue: Bool, isWaitedFor: Bool) {
        OutputGate.count(undrained, isDue)
        if isWaitedFor { OutputGate.count(undrainedFiles, isDue) }
    }

    private static func count(_ word: borrowing Atomic<UInt32>, _ isDue: Bool) {
        if isDue {
            word.wrappingAdd(1, ordering: .sequentiallyConsistent)
        } else if word.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 {
            HostFutex.wake(word)
        }
    }

    /// The stream of the outside object, made where there is none that can be joined.
    func sharedStream(
        of file: FileDescription, device: UInt64, inode: UInt64, make: () -> HeldStream
    ) -> HeldStream {
        let candidates = state.withLock { state in
            state.shared.removeAll { $0.stream == nil }
            return state.shared.filter { $0.device == device && $0.inode == inode }.compactMap(\.stream)
        }
        for stream in candidates {
            // Two descriptions of one file have a position each.
            if stream.kind == .regular, !HostIdentity.isSameDescription(stream.hostFD, file.hostFD) { continue }
            if stream.join(file) { return stream }
        }
        let made = make()
        _ = made.join(file)
        state.withLock { $0.shared.append(SharedStream(device: device, inode: inode, stream: made)) }
        return made
    }

    // MARK: - Guest threads that wait

    /// Waits until all that the guest has done so far is committed: for what cannot be taken back and is not queued, as
    /// connect(2). 0, or how the interrupted call ends; it is made again on a mirror.
    func waitUntilCommitted(_ thread: GuestThread) -> Int {
        // Read while this thread is not at a safe point: whatever is cut next contains it, and all before.
        let target = state.withLock { $0.cutCount } + 1
        defer { state.withLock { state in state.waiters.removeAll { $0.thread === thread } } }
        while true {
            let isInterrupted = !thread.prepareToSleep()
            let isDone = state.withLock { state in
                if isPassing || state.committedCutCount >= target { return true }
                if !state.waiters.contains(where: { $0.thread === thread }) {
                    state.waiters.append(CommitWaiter(thread: thread, cutCount: target))
                }
                return false
            }
            if isDone { return 0 }
            if isInterrupted { return Restart.system }
            demand.want()
            _ = thread.sleepUntilWoken(deadlineNanoseconds: nil)
        }
    }

    /// As `waitUntilCommitted`, and until what the stream holds now has gone out: what follows acts on the host itself.
    /// With a patience, 0 also once so long after the commit it has not.
    func waitUntilDrained(_ thread: GuestThread, _ stream: HeldStream, patienceNanoseconds: UInt64? = nil) -> Int {
        if stream.passes { return 0 }
        let position = stream.end
        let result = waitUntilCommitted(thread)
        if result != 0 { return result }
        defer { stream.stopWaiting(thread) }
        let deadline = patienceNanoseconds.map { thread.kernel.clock.deadline(after: $0) }
        while true {
            let isInterrupted = !thread.prepareToSleep()
            guard stream.startWaiting(thread, for: .released(position)) else { return 0 }
            if isInterrupted { return Restart.system }
            if !thread.sleepUntilWoken(deadlineNanoseconds: deadline) { return 0 }
        }
    }
}
