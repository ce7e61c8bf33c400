import CGuestEntry
import GuestKernel
import GuestMemory
import RecordCoding
import Replication

/// The capture side of the pipeline: takes from the guest what an epoch needs, and knows what was taken last.
struct EpochCapture {
    private let kernel: GuestKernel
    private let output: OutputGate
    private let takesDescriptors: Bool
    private let fault: TestFault?
    private var lastRecords = RecordSet()
    private var lastLayout: [UInt8] = []
    /// What collecting pages took in the pause.
    private(set) var cost = CollectionCost()
    /// Whether dirty pages were searched for everywhere in it.
    private(set) var hasSearched = false
    /// So many pages are collected at a time while the guest runs.
    private static let batchPageCount = 4096

    init(_ kernel: GuestKernel, _ output: OutputGate, takesDescriptors: Bool, fault: TestFault?) {
        self.fault = fault
        self.kernel = kernel
        self.output = output
        self.takesDescriptors = takesDescriptors
    }

    /// Copies into an epoch, which is empty, what is dirty now while the guest goes on; once more as long as that
    /// leaves much less for the pause. The epoch has to be cut then: these pages do not count as dirty any more.
    /// `leavesOpen`: pages of a guest that waits are not watched again, if they are few.
    func preCopy(into epoch: CapturedEpoch, leavesOpen: Bool) throws -> PreCopied {
        // What was dropped before a page is copied must not take it away from the mirror afterwards.
        kernel.memory.markWritten(epoch.drop(kernel.memory.takeDiscards()))
        var copied = PreCopied.nothing
        var rounds: [Int] = []
        while !copied.leftOpen, PreCopyPolicy.goesOn(after: rounds) {
            let before = copied.cost.pageCount
            let mark = kernel.idleMark
            try preCopyRound(into: epoch, &copied, mark, leavesOpen: leavesOpen && mark != nil && rounds.isEmpty)
            rounds.append(copied.cost.pageCount - before)
            copied.roundCount = rounds.count
            if let mark, kernel.idleMark == mark {
                copied.idleMark = mark
                break
            }
        }
        return copied
    }

    /// `mark`: of a guest that waits.
    private func preCopyRound(
        into epoch: CapturedEpoch, _ copied: inout PreCopied, _ mark: IdleMark?, leavesOpen: Bool
    ) throws {
        var cursor: UInt64 = 0
        copied.faults = leavesOpen ? nil : FaultCount()
        if let mark, try collectLikelyPages(into: epoch.pages, leavesOpen: leavesOpen, cost: &copied.cost) {
            if kernel.idleMark == mark {
                copied.leftOpen = leavesOpen
                return
            }
            kernel.memory.distrustCollection()
        }
        copied.searchCount += 1
        if leavesOpen {
            copied.leftOpen = try kernel.memory.collectDirtyPages(
                into: epoch.pages, from: &cursor, pageCountMax: OpenPagesPolicy.pageCountMax + 1, leavesOpen: true,
                cost: &copied.cost)
            if copied.leftOpen { return }
        }
        while try !kernel.memory.collectDirtyPages(
            into: epoch.pages, from: &cursor, pageCountMax: EpochCapture.batchPageCount, cost: &copied.cost)
        {}
    }

    /// Takes everything into an epoch, new or cut once before. The guest is stopped. `before`: what was collected of it
    /// since the last cut. `leavesOpen`: its pages are not watched again (`OpenPagesPolicy`).
    mutating func take(
        into epoch: CapturedEpoch, isWhole: Bool, before: PreCopied, leavesOpen: Bool
    ) throws {
        cost = CollectionCost()
        hasSearched = false
        kernel.removeMemoryObjects()
        let dropped = kernel.memory.takeDiscards()
        // A page that was copied while the guest ran may have been dropped before or after that: what is there now
        // travels once more, behind the discards.
        let wasCopiedBefore = isWhole || !before.isNothing
        if wasCopiedBefore { kernel.memory.markWritten(dropped) }
        kernel.memory.markWritten(epoch.drop(dropped))
        try collect(into: epoch.pages, dropped.isEmpty ? before : .nothing, leavesOpen: leavesOpen)
        fault?.pass(.capture)
        let records = kernel.capture()
        // By the records: after them.
        let files = try kernel.volumes?.cut(kernel.memory) ?? []
        let handed = takesDescriptors ? HandedDescriptors.wanted(kernel) : []
        epoch.add(
            CapturedEpoch.Parts(
                layout: kernel.memory.layoutRecord(), records: records,
                output: output.cut(epoch: epoch.number), files: files, handed: handed,
                guestNanoseconds: kernel.clock.monotonicNanoseconds(), isByNeed: kernel.gate.demand.isWanted,
                isWhole: isWhole))
        kernel.gate.demand.satisfy()
        fault?.pass(.captured)
        fault?.noteCut(epoch: epoch.number)
    }

    /// Copies what is dirty and was not copied `before`. Where it is more than can be left open, the rest is watched
    /// again.
    private mutating func collect(into pages: PageStaging, _ before: PreCopied, leavesOpen: Bool) throws {
        if let mark = before.idleMark, kernel.idleMark == mark { return }
        // What other processes do is not among this one's faults.
        if !kernel.hasRelatives, let faultCount = before.faults?.countOfOthers,
            try kernel.memory.collectRewrittenPages(into: pages, faultCount: faultCount, cost: &cost)
        {
            return
        }
        if try collectLikelyPages(into: pages, leavesOpen: leavesOpen, isSecond: !before.isNothing, cost: &cost) {
            return
        }
        hasSearched = true
        var cursor: UInt64 = 0
        if leavesOpen {
            let isFinished = try kernel.memory.collectDirtyPages(
                into: pages, from: &cursor, pageCountMax: OpenPagesPolicy.pageCountMax + 1, leavesOpen: true,
                isSecond: !before.isNothing, cost: &cost)
            if isFinished { return }
        }
        while try !kernel.memory.collectDirtyPages(
            into: pages, from: &cursor, pageCountMax: .max, isSecond: !before.isNothing, cost: &cost)
        {}
    }

    /// Copies what was left open before or written since, where faults say that these are all.
    private func collectLikelyPages(
        into pages: PageStaging, leavesOpen: Bool, isSecond: Bool = false, cost: inout CollectionCost
    ) throws -> Bool {
        // What other processes do is not among this one's faults.
        try !kernel.hasRelatives
            && kernel.memory.collectLikelyPages(
                into: pages, leavesOpen: leavesOpen, pageCountMax: OpenPagesPolicy.pageCountMax, isSecond: isSecond,
                cost: &cost)
    }

    /// Whether nothing has happened since the cut before: the mirror has, or will have, all of it without this epoch.
    func isIdle(_ epoch: CapturedEpoch) -> Bool {
        if !epoch.files.isEmpty { return false }
        if epoch.isWhole || epoch.isByNeed || epoch.pages.count > 0 || !epoch.discards.isEmpty { return false }
        return epoch.layout == lastLayout && epoch.records.delta(since: lastRecords).isOfClocksOnly
    }

    /// The epoch is on its way: later ones are compared with it.
    mutating func note(_ epoch: CapturedEpoch) {
        lastRecords = epoch.records
        lastLayout = epoch.layout
    }
}

extension RecordDelta {
    /// Whether only time has passed.
    fileprivate var isOfClocksOnly: Bool {
        removed.isEmpty && changed.allSatisfy { $0.key.family == RecordFamily.clock.rawValue }
    }
}
