import Epochs
import GuestKernel
import GuestMemory
import RecordCoding
import Replication
import Synchronization

/// Encodes epochs and gives them to the link, in order; knows what the link was given last.
///
/// Sound as unchecked: used by whoever has the link, which `EpochQueue` gives to one thread at a time, and before that
/// by the thread that cuts the first epoch.
final class EpochSender: @unchecked Sendable {
    private let sink: any EpochSink
    private let statistics: ReplicationStatistics
    /// How far held output has gone out by now.
    private let takeReleased: @Sendable () -> [UInt8]
    /// The encoder's, for previous versions of pages.
    private let history: PageSlab
    private let encoder: EpochEncoder

    private var sentRecords = RecordSet()
    private var sentLayout: [UInt8] = []
    private var lastEpoch: UInt64 = 0
    /// Whether frames may wait for the link; otherwise they are sent together, and what the link does not take stays in
    /// `unsent`. A call for each of a small epoch's five frames may wake the mirror for each.
    private var mayWait = true
    private var unsent: [UInt8] = []
    private var isLinkFull = false
    private var byteCount = 0
    private var frameCount: UInt64 = 0
    private var sendingNanoseconds: UInt64 = 0
    private let clock = GuestClock()
    /// No more than this is kept for one call.
    private static let togetherByteCount = 512 << 10
    private let fault: TestFault?
    /// How many pages of the guest's the history has, for any thread: about as many as the guest has, or more than fit.
    let rememberedPageCount = Atomic<Int>(0)

    init(
        _ request: ReplicationRequest, _ sink: any EpochSink, _ statistics: ReplicationStatistics,
        takeReleased: @escaping @Sendable () -> [UInt8]
    ) throws(SupervisorError) {
        self.sink = sink
        self.statistics = statistics
        self.takeReleased = takeReleased
        fault = request.testFault
        let byteCount = request.compression.usesHistory ? request.deltaCacheByteCount : 0
        do {
            history = try PageSlab(byteCount: byteCount)
        } catch {
            throw SupervisorError(.failed, "--delta-cache \(byteCount): \(error); try a smaller one")
        }
        encoder = EpochEncoder(
            request.compression, isLinkFast: sink.isOnSameMachine, historyStorage: history.bytes)
    }

    // MARK: - The first epoch

    /// Begins the first epoch, whose pages are sent while the guest runs.
    func beginFirst(layout: [UInt8]) throws {
        precondition(lastEpoch == 0, "the first epoch begins twice")
        encoder.begin(1)
        try encoder.appendLayout(layout, emit: emit)
    }

    func sendFirst(_ pages: PageStaging) throws {
        try append(pages)
        count(isFirst: true)
    }

    // MARK: - Every epoch

    /// Sends an epoch, for as long as that takes.
    func send(_ epoch: CapturedEpoch) throws {
        try encode(epoch)
        statistics.state.withLock { $0.epochsHandedOver += 1 }
        sink.noteSent(epoch: epoch.number)
    }

    /// Sends as much of an epoch as the link takes at once, and returns the rest.
    func sendNow(_ epoch: CapturedEpoch) throws -> [UInt8] {
        mayWait = false
        defer {
            mayWait = true
            isLinkFull = false
            unsent.removeAll(keepingCapacity: unsent.capacity <= 2 * EpochSender.togetherByteCount)
        }
        try encode(epoch)
        try sendUnsent()
        sink.noteSent(epoch: epoch.number)
        return unsent.isEmpty ? [] : unsent
    }

    private func sendUnsent() throws {
        if isLinkFull || unsent.isEmpty { return }
        let sent = try unsent.withUnsafeBytes { try sink.sendNow($0) }
        unsent.removeFirst(sent)
        isLinkFull = !unsent.isEmpty
    }

    /// What `sendNow` has left.
    func send(rest: [UInt8]) throws {
        try rest.withUnsafeBytes { try sink.send($0) }
    }

    private func encode(_ epoch: CapturedEpoch) throws {
        precondition(epoch.number == lastEpoch + 1, "epoch \(epoch.number) is sent after \(lastEpoch)")
        let start = clock.monotonicNanoseconds()
        if epoch.number > 1 { encoder.begin(epoch.number) }
        sink.hand(epoch.handed)
        try encoder.appendDiscards(epoch.discards.forTheLink, emit: emit)
        if epoch.layout != sentLayout { try encoder.appendLayout(epoch.layout, emit: emit) }
        sentLayout = epoch.layout
        try append(epoch.pages)
        if fault?.point == .encode { try sendUnsent() }
        fault?.pass(.encode)
        let delta = epoch.records.delta(since: sentRecords)
        if !delta.isEmpty { try encoder.appendRecords(delta, emit: emit) }
        sentRecords = epoch.records
        try encoder.appendFiles(epoch.files, emit: emit)
        try encoder.appendOutput(epoch.output, emit: emit)
        try encoder.appendReleased(takeReleased(), emit: emit)
        let summary = EpochEnd.Summary(
            isWhole: epoch.isWhole, guestNanoseconds: epoch.guestNanoseconds, guestEnd: epoch.end?.forTheLink)
        try encoder.finish(summary, emit: emit)
        lastEpoch = epoch.number
        let taken = clock.monotonicNanoseconds() - start
        let cost = EpochCost(
            pause: epoch.pauseNanoseconds, encoding: taken - min(taken, sendingNanoseconds),
            sending: sendingNanoseconds)
        count(isFirst: epoch.isWhole, epoch.isWhole ? nil : cost)
    }

    private func append(_ pages: PageStaging) throws {
        if pages.count == 0 { return }
        try pages.numbers.withUnsafeBufferPointer { numbers in
            try encoder.appendPages(numbers: numbers, contents: pages.contents, emit: emit)
        }
    }

    private func emit(_ frame: UnsafeRawBufferPointer) throws {
        byteCount += frame.count
        frameCount += 1
        if mayWait {
            let start = clock.monotonicNanoseconds()
            try sink.send(frame)
            sendingNanoseconds += clock.monotonicNanoseconds() - start
            return
        }
        unsent += frame
        if unsent.count >= EpochSender.togetherByteCount { try sendUnsent() }
    }

    private func count(isFirst: Bool, _ cost: EpochCost? = nil) {
        rememberedPageCount.store(encoder.rememberedPageCount, ordering: .relaxed)
        let tally = encoder.takePageTally()
        let (bytes, frames, sent) = (UInt64(byteCount), frameCount, lastEpoch)
        byteCount = 0
        frameCount = 0
        sendingNanoseconds = 0
        statistics.state.withLock { state in
            state.bytes += bytes
            state.frames += frames
            state.sentEpoch = sent
            if let cost { state.lastCost = cost }
            if isFirst { state.firstPageTally += tally } else { state.pageTally += tally }
        }
    }
}
