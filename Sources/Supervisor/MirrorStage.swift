import Epochs
import GuestKernel
import GuestMemory
import RecordCoding
import VolumeStore

/// An epoch on its way in. Nothing of it is visible in the guest's memory or records until the whole of it is there and
/// was found right; a torn one is simply forgotten (architecture, invariant 3).
///
/// The first epoch is the exception that no guest depends on: the mirror has nothing to keep yet, so its pages go
/// straight to their places instead of being held twice.
struct MirrorStage {
    private let memory: MirrorMemory
    private let pages: PageStaging
    private let volumes: VolumeStore
    private var discards = Discards.ranges([])
    private var discarded = DiscardedPages(.ranges([]))
    private var layout: [UInt8]?
    private var records = RecordDelta()
    private var output: [[UInt8]] = []
    private var released: [[UInt8]] = []
    private var files: [UInt8] = []
    private let isFirst: Bool

    init(_ memory: MirrorMemory, _ pages: PageStaging, _ volumes: VolumeStore, isFirst: Bool) {
        self.memory = memory
        self.pages = pages
        self.volumes = volumes
        self.isFirst = isFirst
        pages.reset()
    }

    /// Takes a part of the epoch. Throws where there is no memory for it.
    mutating func add(_ item: EpochDecoder.Item) throws {
        switch item {
        case .page(let number, let content, let isUnchanged):
            // Two of three pages that a redis under load writes are as they were: there is nothing to be put anywhere.
            // What is dropped in an epoch comes before its pages, and no page that was dropped comes as it was.
            if isUnchanged, !discarded.contain(number) { return }
            if isFirst, memory.isPrepared(number) {
                memory.write(number, content)
            } else {
                try pages.add(number, content)
            }
        case .discards(let discards):
            self.discards = Discards(discards)
            discarded = DiscardedPages(self.discards)
        case .layout(let bytes):
            // The first epoch has two: what to open before its pages come, and the last word.
            if isFirst {
                try memory.prepare(layout: bytes)
                placePages()
            }
            layout = bytes
        case .records(let delta):
            records.changed += delta.changed
            records.removed += delta.removed
        case .files(let bytes): files += bytes
        case .output(let bytes): output.append(bytes)
        case .released(let bytes): released.append(bytes)
        case .complete: break
        }
    }

    /// The descriptions that are gone with this epoch.
    var closedObjects: [UInt64] {
        records.removed.lazy.filter { $0.family == RecordFamily.object.rawValue }.map(\.number)
    }

    /// Everything that can fail, but for the disk: `apply` cannot. Returns what the mirror will have of the guest, and
    /// what is to be done to its files first.
    func check(_ guest: CommittedGuest, _ end: EpochEnd) throws -> (next: CommittedGuest, files: VolumeChanges) {
        var next = guest
        next.epoch = end.number
        next.end = end.summary.guestEnd.map(GuestEnd.init)
        try next.checked.apply(records)
        for bytes in output { try next.output.add(bytes) }
        for bytes in released { try next.output.markReleased(bytes) }
        if let layout { try memory.prepare(layout: layout) }
        try memory.check(pages.numbers)
        let files = try volumes.check(files)
        try files.requireOpen(memory.mappedVolumeFiles)
        return (next, files)
    }

    /// Puts the pages in their places.
    func apply() {
        if !isFirst { discard(discards) }
        if layout != nil { memory.commit() }
        writePages()
    }

    /// In the first epoch: pages that were copied while the guest ran, before their mappings were known here. From this
    /// layout on newer copies of them go straight to their places, so these must not be put there afterwards. What the
    /// guest has dropped since its copies were made is dropped last; all that it still has there comes behind.
    private func placePages() {
        writePages()
        pages.reset()
        discard(discards)
    }

    private func writePages() {
        for (index, number) in pages.numbers.enumerated() {
            memory.write(number, pages.contents + index * 4096)
        }
    }

    private func discard(_ discards: Discards) {
        switch discards {
        case .everything: memory.discardEverything()
        case .ranges(let ranges): for range in ranges { memory.discard(range) }
        }
    }
}
