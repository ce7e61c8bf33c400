import CGuestEntry
import Epochs
import Glibc
import GuestKernel
import GuestMemory
import Replication
import Synchronization

/// Cuts epochs (stop, scan, copy, record, resume) and has them encoded and sent (architecture §5).
///
/// Two threads of its own work on it: one cuts (`run`), one encodes and sends (`sendEpochs`), and `queue` lies between.
/// A small epoch that finds the link free is encoded by the thread that has cut it, as waking another one costs more;
/// what the link does not take at once is left to the other thread. So the one that cuts never waits for the link.
/// For the same reason the guest thread that waits last cuts itself where an epoch is wanted (`cut(on:_:)`).
final class Checkpointer: @unchecked Sendable {
    // Sound as unchecked: what is mutable is used by the thread that has `turn`.
    let kernel: GuestKernel
    private let output: OutputGate
    let request: ReplicationRequest
    private let statistics: ReplicationStatistics
    private let sender: EpochSender
    let queue: EpochQueue
    let interval: EpochInterval
    let turn = CuttingTurn()
    private var capture: EpochCapture
    private(set) var pace: EpochPace
    private var preCopyPolicy = PreCopyPolicy()
    /// Page faults of the process: when they were looked at for the last cut, and for the next.
    private var faultCounts: (atLastCut: UInt64, now: UInt64) = (0, 0)
    private var openPagesPolicy = OpenPagesPolicy()
    /// The guest thread that cuts; nil for the thread of `run`.
    var cuttingThread: GuestThread?
    /// Why an epoch could not be cut: none is from then on, and `run` ends by it.
    var failure: (any Error)?
    /// The last epoch that was cut and is on its way.
    private var epoch: UInt64 = 0
    private var lastCutNanoseconds: UInt64 = 0
    /// When the last epoch by need was cut whose pages could be left open.
    private var lastNeedNanoseconds: UInt64 = 0
    /// All epochs up to this one are committed; who waits for that sleeps on the other.
    private let committedEpoch = Atomic<UInt64>(0)
    private let commits = Atomic<UInt32>(0)

    /// While the first epoch is copied from the running guest: so many pages are collected, encoded and sent at a time.
    private static let preCopyPageCount = 4096
    /// The guest is stopped once so few pages are left (about a millisecond's copying), or after so many rounds.
    private static let preCopyEnoughPages = 1024
    private static let preCopyRoundsMax = 10
    /// So many pages are encoded where they were cut: within half a millisecond. Handing them to another thread takes
    /// 20 to 50 us, which output would wait for.
    private static let smallPageCount = 256
    private static let smallByteCount = 1 << 20
    /// A guest that is slowed stands still for a share of each such time.
    private static let slowPeriodNanoseconds: UInt64 = 20_000_000

    init(
        _ kernel: GuestKernel, _ output: OutputGate, _ sink: any EpochSink, _ request: ReplicationRequest,
        _ statistics: ReplicationStatistics
    ) throws(SupervisorError) {
        self.kernel = kernel
        self.output = output
        self.request = request
        self.statistics = statistics
        sender = try EpochSender(request, sink, statistics) { output.takeReleased() }
        queue = EpochQueue(freeByteCountMax: request.queueByteCountMax)
        capture = EpochCapture(
            kernel, output, takesDescriptors: sink.isOnSameMachine, fault: request.testFault)
        interval = EpochInterval(request.epoch)
        pace = EpochPace(limitByteCount: request.queueByteCountMax)
    }

    // MARK: - The threads

    /// Cuts epochs until the guest has ended, or nobody wants any more. Throws what the link throws.
    /// `mayBecomeWhole` is asked before the mirror has all of the first epoch; it never has if that says no.
    func run(while isWanted: @escaping @Sendable () -> Bool, mayBecomeWhole: () -> Bool) throws {
        try turn.take { try cutFirst(isWanted, mayBecomeWhole) }
        offerToGuest(isWanted)
        // Threads that go on running while output is held wake nobody, so that this one has to look.
        let tick = max(request.holdNanosecondsMax / 2, 50_000)
        while isWanted() && !queue.isClosed {
            kernel.gate.demand.wait(timeoutNanoseconds: min(tick, interval.nanoseconds))
            guard isWanted() else { break }
            try turn.take { try cutIfDue(isWanted) }
        }
        try turn.take { if let failure { throw failure } }
    }

    private func cutIfDue(_ isWanted: () -> Bool) throws {
        if let failure { throw failure }
        let load = queue.load
        keepPace(load)
        adaptInterval()
        guard isDue(load) else { return }
        do {
            try cut(load, final: nil, isWanted)
        } catch {
            failure = error
            throw error
        }
    }

    /// Sends what was cut until `close`. Throws what the link throws.
    func sendEpochs() throws {
        while let work = queue.next() {
            switch work {
            case .epoch(let epoch):
                try sender.send(epoch)
                queue.finish()
                queue.recycle(epoch)
            case .rest(let bytes):
                try sender.send(rest: bytes)
                queue.finish()
            }
        }
    }

    /// The last epoch: the guest has ended, and what it had to say is in it. `willSend` hears its number before it is
    /// on its way.
    func cutFinal(_ end: GuestEnd, willSend: (UInt64) -> Void) throws {
        try withoutActuallyEscaping(willSend) { willSend in
            try turn.take {
                if let failure { throw failure }
                try cut(queue.load, final: (end, willSend), { true })
            }
        }
    }

    /// Changes the longest time between checkpoints, from now on.
    func set(_ choice: EpochChoice) {
        interval.set(choice)
        kernel.gate.demand.raise()
    }

    var queueByteCountMax: Int { request.queueByteCountMax }

    /// These epochs are committed.
    func noteCommitted(upTo epoch: UInt64) {
        committedEpoch.store(epoch, ordering: .sequentiallyConsistent)
        announceCommit()
    }

    /// Nothing is cut and sent any more.
    func close() {
        queue.close()
        kernel.gate.demand.raise()
        announceCommit()
    }

    private func announceCommit() {
        commits.wrappingAdd(1, ordering: .sequentiallyConsistent)
        HostFutex.wake(commits)
    }

    // MARK: - When

    func isDue(_ load: QueueLoad) -> Bool {
        let now = kernel.clock.monotonicNanoseconds()
        if now - lastCutNanoseconds >= pace.stretched(interval.nanoseconds) { return true }
        guard kernel.gate.demand.isWanted, !pace.isCongested(load) else { return false }
        if kernel.isWaiting { return true }
        let oldest = output.oldestUncutNanoseconds
        return oldest != 0 && now >= oldest + request.holdNanosecondsMax
    }

    /// Sees whether the link keeps up, and keeps the guest from running where it has not for long.
    private func keepPace(_ load: QueueLoad) {
        let before = pace.counts
        pace.observe(load, now: kernel.clock.monotonicNanoseconds())
        if pace.counts != before { publishPace() }
        if pace.slowPercent == 0 { return }
        // One that waits needs no slowing, and its last words are not to be late.
        if kernel.isWaiting || kernel.hasEnded { return }
        kernel.gate.stop(kernel)
        HostThreads.sleep(Checkpointer.slowPeriodNanoseconds / 100 * UInt64(pace.slowPercent))
        kernel.gate.resume()
        HostThreads.sleep(Checkpointer.slowPeriodNanoseconds / 100 * UInt64(100 - pace.slowPercent))
    }

    /// Has `--epoch auto` learn from what was sent since.
    private func adaptInterval() {
        guard interval.isAutomatic else { return }
        if let cost = statistics.state.withLock({ $0.takeLastCost() }) { interval.note(cost) }
    }

    private func publishPace() {
        let (counts, level, percent) = (pace.counts, pace.level, pace.slowPercent)
        statistics.state.withLock { state in
            state.paceCounts = counts
            state.paceLevel = level
            state.slowPercent = percent
        }
    }

    // MARK: - The first epoch

    /// The whole guest. Most of it is copied and sent while it runs.
    private func cutFirst(_ isWanted: () -> Bool, _ mayBecomeWhole: () -> Bool) throws {
        let first = try queue.makeEpoch(1)
        _ = kernel.memory.takeDiscards()
        try sender.beginFirst(layout: kernel.memory.layoutRecord())
        for _ in 0..<Checkpointer.preCopyRoundsMax {
            let pages = try preCopyRound(first.pages)
            if pages <= Checkpointer.preCopyEnoughPages { break }
        }
        first.begin(1)
        try cut(into: first, isMerged: false, final: nil, isWhole: true, isWanted, mayBecomeWhole)
    }

    /// Copies what is dirty now; returns how many pages that were.
    private func preCopyRound(_ staging: PageStaging) throws -> Int {
        var cursor: UInt64 = 0
        var total = 0
        while true {
            staging.reset()
            let isFinished = try kernel.memory.collectDirtyPages(
                into: staging, from: &cursor, pageCountMax: Checkpointer.preCopyPageCount)
            total += staging.count
            try sender.sendFirst(staging)
            if isFinished { return total }
        }
    }

    // MARK: - Every epoch

    typealias Final = (end: GuestEnd, willSend: (UInt64) -> Void)

    func cut(_ load: QueueLoad, final: Final?, _ isWanted: () -> Bool) throws {
        let now = kernel.clock.monotonicNanoseconds()
        var kind = pace.cut(load, interval: interval.nanoseconds, now: now)
        // The guest's last words have to go somewhere.
        if kind == .none, final != nil { kind = .merged }
        if kind == .none { return }
        if kind == .merged, let last = queue.withdrawLast() {
            try cut(into: last, isMerged: true, final: final, isWhole: false, isWanted)
        } else {
            let next = try queue.makeEpoch(epoch + 1)
            try cut(into: next, isMerged: false, final: final, isWhole: false, isWanted)
        }
    }

    private func cut(
        into next: CapturedEpoch, isMerged: Bool, final: Final?, isWhole: Bool, _ isWanted: () -> Bool,
        _ mayBecomeWhole: () -> Bool = { true }
    ) throws {
        kernel.volumes?.takeFromChildren(kernel.clock)
        let mayLeaveOpen = !isMerged && !isWhole && mayLeaveOpen(at: kernel.clock.monotonicNanoseconds())
        let before = try preCopy(into: next, isMerged: isMerged, isWhole: isWhole, leavesOpen: mayLeaveOpen)
        let leavesOpen = before.isNothing ? mayLeaveOpen : before.leftOpen
        var pause = PauseStages()
        let start = kernel.clock.monotonicNanoseconds()
        stopGuest()
        let stopped = kernel.clock.monotonicNanoseconds()
        defer { if request.isSynchronous { resumeGuest() } }
        do {
            defer { if !request.isSynchronous { resumeGuest() } }
            try capture.take(into: next, isWhole: isWhole, before: before, leavesOpen: leavesOpen)
            noteOpenPages(before, leavesOpen: leavesOpen)
        }
        lastCutNanoseconds = kernel.clock.monotonicNanoseconds()
        faultCounts.atLastCut = faultCounts.now
        pause.note(start: start, stopped: stopped, resumed: lastCutNanoseconds, capture.cost)
        next.noteCut(stoppedAt: start, resumedAt: lastCutNanoseconds)
        if !isMerged, final == nil, capture.isIdle(next) {
            // Nothing has happened since the last epoch, which the mirror therefore still has: the number stays free.
            queue.recycle(next)
            return
        }
        precondition(next.number == epoch + (isMerged ? 0 : 1), "epoch \(next.number) is cut after \(epoch)")
        epoch = next.number
        if let final { next.finish(final.end) }
        capture.note(next)
        count(next, isMerged: isMerged)
        guard mayBecomeWhole() else { return }
        final?.willSend(next.number)
        let (number, pageCount) = (next.number, next.pages.count)
        try deliver(next)
        if request.isSynchronous { waitForCommit(of: number, isWanted) }
        // Most of the first epoch is not cut in a pause.
        if isWhole { return preCopyPolicy.noteFirst(work(1, CollectionCost())) }
        preCopyPolicy.note(
            before: before.isNothing ? nil : work(before.searchCount, before.cost),
            inPause: work(capture.hasSearched ? 1 : 0, capture.cost))
        let end = request.isSynchronous ? kernel.clock.monotonicNanoseconds() : lastCutNanoseconds
        statistics.state.withLock { state in
            state.pauses.add(end - start)
            state.pauseStages.add(pause)
            state.preCopiedPages += UInt64(before.cost.pageCount)
            if !isMerged { state.dirtyPages.add(UInt64(pageCount)) }
        }
    }

    private func noteOpenPages(_ before: PreCopied, leavesOpen: Bool) {
        // What was left open before the pause is found once more in it, unless nobody ran.
        let earlier = before.leftOpen && capture.cost.foundPageCount > 0 ? CollectionCost() : before.cost
        // Pages of a file's that were only read are found each time, too, until they are protected.
        let found = earlier.foundPageCount + capture.cost.foundPageCount
        let copied = earlier.pageCount + capture.cost.pageCount
        openPagesPolicy.note(
            pageCount: found > OpenPagesPolicy.pageCountMax ? found : copied, leftOpen: leavesOpen)
    }

    /// An epoch of the timer's has to find out whether anything was written at all. One by need whose like came before
    /// the timer's turn will have another behind it.
    private func mayLeaveOpen(at now: UInt64) -> Bool {
        if !kernel.gate.demand.isWanted || !request.remembersPages { return false }
        defer { lastNeedNanoseconds = now }
        openPagesPolicy.residentPageCount = sender.rememberedPageCount.load(ordering: .relaxed)
        return now - lastNeedNanoseconds < interval.nanoseconds && openPagesPolicy.leavesOpen
    }

    /// Most of what the guest has written is copied before it is stopped, where that takes long.
    private func preCopy(
        into next: CapturedEpoch, isMerged: Bool, isWhole: Bool, leavesOpen: Bool
    ) throws -> PreCopied {
        // A guest thread that cuts has found that it is not worth it (`cut(on:_:)`).
        if isMerged || isWhole || kernel.hasEnded || cuttingThread != nil || !isPreCopyWorthwhile { return .nothing }
        return try capture.preCopy(into: next, leavesOpen: leavesOpen)
    }

    private func work(_ searchCount: Int, _ cost: CollectionCost) -> PreCopyPolicy.Work {
        PreCopyPolicy.Work(
            searchedPageCount: sender.rememberedPageCount.load(ordering: .relaxed), searchCount: searchCount,
            pageCount: cost.pageCount, isBySignals: kernel.memory.mayRefuseWrites)
    }

    /// Asks the host once for each cut: another call costs a quarter of a microsecond.
    var isPreCopyWorthwhile: Bool {
        faultCounts.now = FaultCount.ofProcess ?? faultCounts.now
        return preCopyPolicy.isWorthwhile(faultCount: faultCounts.now - faultCounts.atLastCut)
    }

    /// Sends it from here where that takes no time, and leaves it to the sending thread otherwise.
    private func deliver(_ next: CapturedEpoch) throws {
        let isSmall =
            next.pages.count <= Checkpointer.smallPageCount && next.byteCount <= Checkpointer.smallByteCount
        // Descriptors are handed to a mirror that may be slow to take them.
        let mayWait = cuttingThread == nil || next.handed.isEmpty
        guard mayWait, isSmall || request.isSynchronous, queue.takeLink() else {
            next.putNanoseconds = lastCutNanoseconds
            queue.put(next)
            return
        }
        queue.giveBackLink(rest: try sender.sendNow(next))
        queue.recycle(next)
    }

    /// The guest stands still until the mirror has the epoch.
    private func waitForCommit(of number: UInt64, _ isWanted: () -> Bool) {
        while true {
            let seen = commits.load(ordering: .sequentiallyConsistent)
            if committedEpoch.load(ordering: .sequentiallyConsistent) >= number { return }
            if queue.isClosed || !isWanted() { return }
            HostFutex.wait(commits, while: seen)
        }
    }

    private func count(_ next: CapturedEpoch, isMerged: Bool) {
        if isMerged {
            pace.noteMerged()
            publishPace()
        }
        let pages = UInt64(next.pages.count)
        statistics.state.withLock { state in
            state.cutEpoch = next.number
            if isMerged { return }
            state.epochs += 1
            if next.isByNeed { state.epochsByNeed += 1 }
            state.pages += pages
            if !next.isWhole { state.noteCut(next.number, at: next.stopNanoseconds) }
        }
    }
}
