import CGuestEntry
import Epochs
import Glibc
import GuestKernel
import GuestMemory
import RecordCoding

/// Cuts epochs: stop, scan, copy, record, resume, and then encode and send (architecture §5).
///
/// Runs on a thread of its own, which is also the one that writes epochs to the link: while one is being sent the next
/// cannot be cut, so that a slow link makes epochs larger and rarer instead of filling memory.
final class Checkpointer: @unchecked Sendable {
    // Sound as unchecked: everything mutable is used by the checkpointer's own thread, or, for the final epoch, by the
    // thread that has waited for it to end.
    private let kernel: GuestKernel
    private let output: OutputGate
    private let connection: PrimaryConnection
    private let request: ReplicationRequest
    private let statistics: ReplicationStatistics

    private let staging: PageStaging
    /// The encoder's, for previous versions of pages.
    private let history: PageSlab
    private let encoder: EpochEncoder
    /// What the mirror was given last.
    private var sentRecords = RecordSet()
    private var sentLayout: [UInt8] = []
    private var epoch: UInt64 = 0
    private var lastCutNanoseconds: UInt64 = 0

    /// While the first epoch is copied from the running guest: so many pages are collected, encoded and sent at a time.
    private static let preCopyPageCount = 4096
    /// The guest is stopped once so few pages are left (about a millisecond's copying), or after so many rounds.
    private static let preCopyEnoughPages = 1024
    private static let preCopyRoundsMax = 10

    init(
        _ kernel: GuestKernel, _ output: OutputGate, _ connection: PrimaryConnection, _ request: ReplicationRequest,
        _ statistics: ReplicationStatistics
    ) throws(SupervisorError) {
        self.kernel = kernel
        self.output = output
        self.connection = connection
        self.request = request
        self.statistics = statistics
        do {
            staging = try PageStaging()
        } catch {
            throw SupervisorError(.failed, "no memory for the pages of an epoch: \(error)")
        }
        let byteCount = request.compression.usesHistory ? request.deltaCacheByteCount : 0
        do {
            history = try PageSlab(byteCount: byteCount)
        } catch {
            throw SupervisorError(.failed, "--delta-cache \(byteCount): \(error); try a smaller one")
        }
        encoder = EpochEncoder(request.compression, historyStorage: history.bytes)
    }

    /// Cuts epochs until the guest has ended, or nobody wants any more. Throws what the link throws.
    /// `mayBecomeWhole` is asked before the mirror has all of the first epoch; it never has if that says no.
    func run(while isWanted: () -> Bool, mayBecomeWhole: () -> Bool) throws {
        try cutFirst(mayBecomeWhole)
        // Threads that go on running while output is held wake nobody, so that this one has to look.
        let tick = max(request.holdNanosecondsMax / 2, 50_000)
        while isWanted() {
            kernel.gate.demand.wait(timeoutNanoseconds: min(tick, request.epochNanoseconds))
            guard isWanted(), isDue() else { continue }
            try cut(final: nil)
        }
    }

    /// The number that the next epoch has.
    var nextEpoch: UInt64 { epoch + 1 }

    /// The last epoch: the guest has ended, and what it had to say is in it.
    func cutFinal(_ end: GuestEnd) throws {
        try cut(final: end)
    }

    private func isDue() -> Bool {
        let now = kernel.clock.monotonicNanoseconds()
        if now - lastCutNanoseconds >= request.epochNanoseconds { return true }
        guard kernel.gate.demand.isWanted else { return false }
        if kernel.isWaiting { return true }
        let oldest = output.oldestUncutNanoseconds
        return oldest != 0 && now >= oldest + request.holdNanosecondsMax
    }

    // MARK: - The first epoch

    /// The whole guest. Most of it is copied and sent while it runs.
    private func cutFirst(_ mayBecomeWhole: () -> Bool) throws {
        epoch = 1
        encoder.begin(epoch)
        _ = kernel.memory.takeDiscards()
        try send { emit in try encoder.appendLayout(kernel.memory.layoutRecord(), emit: emit) }
        for _ in 0..<Checkpointer.preCopyRoundsMax {
            let pages = try preCopyRound()
            if pages <= Checkpointer.preCopyEnoughPages { break }
        }
        try cutStopped(final: nil, isWhole: true, mayBecomeWhole)
    }

    /// Copies what is dirty now; returns how many pages that were.
    private func preCopyRound() throws -> Int {
        var cursor: UInt64 = 0
        var total = 0
        while true {
            staging.reset()
            let isFinished = try kernel.memory.collectDirtyPages(
                into: staging, from: &cursor, pageCountMax: Checkpointer.preCopyPageCount)
            total += staging.count
            try sendPages()
            if isFinished { return total }
        }
    }

    // MARK: - Every epoch

    private func cut(final end: GuestEnd?) throws {
        epoch += 1
        encoder.begin(epoch)
        try cutStopped(final: end, isWhole: false)
    }

    /// What is taken while the guest is stopped; its pages are in `staging`.
    private struct Capture {
        var discards: Discards
        var layout: [UInt8]
        var records: RecordSet
        var output: [UInt8]
        var guestNanoseconds: UInt64
        var handed: [HandedDescriptors.Descriptor]
        /// Something waits for this epoch: held output, or a call that waits for a commit.
        var isByNeed: Bool
    }

    private func cutStopped(
        final end: GuestEnd?, isWhole: Bool, _ mayBecomeWhole: () -> Bool = { true }
    ) throws {
        let start = kernel.clock.monotonicNanoseconds()
        kernel.gate.stop(kernel)
        let capture: Capture
        do {
            defer { kernel.gate.resume() }
            capture = try take(isWhole: isWhole)
        }
        lastCutNanoseconds = kernel.clock.monotonicNanoseconds()
        let delta = capture.records.delta(since: sentRecords)
        let isIdle =
            staging.count == 0 && capture.discards.isEmpty && delta.isOfClocksOnly
            && capture.layout == sentLayout
        if isIdle, !isWhole, end == nil, !capture.isByNeed {
            // Nothing has happened since the last epoch, which the mirror therefore still has: the number stays free.
            epoch -= 1
            return
        }
        count(capture, from: start, isWhole: isWhole)
        guard mayBecomeWhole() else { return }
        connection.hand(capture.handed)
        try send(capture, delta, final: end, isWhole: isWhole)
        sentRecords = capture.records
    }

    private func take(isWhole: Bool) throws -> Capture {
        let discards = kernel.memory.takeDiscards()
        // A page that was copied while the guest ran may have been dropped before or after that: what is there now
        // travels once more, behind the discards.
        if isWhole { kernel.memory.markWritten(discards) }
        staging.reset()
        var cursor: UInt64 = 0
        while try !kernel.memory.collectDirtyPages(into: staging, from: &cursor, pageCountMax: .max) {}
        let capture = Capture(
            discards: discards, layout: kernel.memory.layoutRecord(), records: kernel.capture(),
            output: output.cut(epoch: epoch), guestNanoseconds: kernel.clock.monotonicNanoseconds(),
            handed: connection.isLocal ? HandedDescriptors.wanted(kernel) : [],
            isByNeed: kernel.gate.demand.isWanted)
        kernel.gate.demand.satisfy()
        return capture
    }

    // MARK: - Sending

    private func send(_ capture: Capture, _ delta: RecordDelta, final end: GuestEnd?, isWhole: Bool) throws {
        try send { emit in
            try encoder.appendDiscards(capture.discards.forTheLink, emit: emit)
            if capture.layout != sentLayout { try encoder.appendLayout(capture.layout, emit: emit) }
        }
        sentLayout = capture.layout
        try sendPages()
        try send { emit in
            if !delta.isEmpty { try encoder.appendRecords(delta, emit: emit) }
            try encoder.appendOutput(capture.output, emit: emit)
            try encoder.appendReleased(output.takeReleased(), emit: emit)
            let summary = EpochEnd.Summary(
                isWhole: isWhole, guestNanoseconds: capture.guestNanoseconds, guestEnd: end?.forTheLink)
            try encoder.finish(summary, emit: emit)
        }
    }

    private func sendPages() throws {
        if staging.count == 0 { return }
        try send { emit in
            try staging.numbers.withUnsafeBufferPointer { numbers in
                try encoder.appendPages(numbers: numbers, contents: staging.contents, emit: emit)
            }
        }
    }

    private func send(_ body: (EpochEncoder.Emit) throws -> Void) throws {
        var bytes = 0
        try body { frame in
            bytes += frame.count
            try connection.link.send(frame)
        }
        let tally = encoder.takePageTally()
        let isFirst = epoch == 1
        statistics.state.withLock { state in
            state.bytes += UInt64(bytes)
            if isFirst { state.firstPageTally += tally } else { state.pageTally += tally }
        }
    }

    private func count(_ capture: Capture, from start: UInt64, isWhole: Bool) {
        let pages = UInt64(staging.count)
        statistics.state.withLock { state in
            state.epochs += 1
            if capture.isByNeed { state.epochsByNeed += 1 }
            state.pages += pages
            // Most of the first epoch is not cut in a pause.
            if isWhole { return }
            state.noteCut(epoch, at: start)
            state.pauses.add(lastCutNanoseconds - start)
            state.dirtyPages.add(pages)
        }
    }
}

extension RecordDelta {
    /// Whether only time has passed.
    fileprivate var isOfClocksOnly: Bool {
        removed.isEmpty && changed.allSatisfy { $0.key.family == RecordFamily.clock.rawValue }
    }
}
