import Epochs
import GuestKernel
import GuestMemory
import RecordCoding

/// An epoch on its way in. Nothing of it is visible in the guest's memory or records until the whole of it is there and
/// was found right; a torn one is simply forgotten (architecture, invariant 3).
///
/// The first epoch is the exception that no guest depends on: the mirror has nothing to keep yet, so its pages go
/// straight to their places instead of being held twice.
struct MirrorStage {
    private let memory: MirrorMemory
    private let pages: PageStaging
    private var discards = Discards.ranges([])
    private var layout: [UInt8]?
    private var records = RecordDelta()
    private var output: [[UInt8]] = []
    private var released: [[UInt8]] = []
    /// Whether nothing has been committed yet.
    private let isFirst: Bool

    init(_ memory: MirrorMemory, _ pages: PageStaging, isFirst: Bool) {
        self.memory = memory
        self.pages = pages
        self.isFirst = isFirst
        pages.reset()
    }

    // MARK: - Coming in

    mutating func add(page: UInt64, _ content: UnsafeRawPointer) throws {
        if isFirst, memory.isPrepared(page) {
            memory.write(page, content)
        } else {
            try pages.add(page, content)
        }
    }

    mutating func add(_ discarded: Discards) {
        if isFirst { discard(discarded) }
        discards = discarded
    }

    /// The first epoch has two: what to open before its pages come, and the last word.
    mutating func add(layout bytes: [UInt8]) throws {
        if isFirst { try memory.prepare(layout: bytes) }
        layout = bytes
    }

    mutating func add(_ delta: RecordDelta) {
        records.changed += delta.changed
        records.removed += delta.removed
    }

    mutating func add(output bytes: [UInt8]) { output.append(bytes) }

    mutating func add(released bytes: [UInt8]) { released.append(bytes) }

    // MARK: - The whole of it

    /// Everything that can fail: afterwards `apply` cannot. Returns what the records and the held output will be.
    func check(_ guest: CommittedGuest, _ end: EpochEnd) throws -> CommittedGuest {
        var next = guest
        next.epoch = end.number
        next.guestNanoseconds = end.guestNanoseconds
        next.end = try end.guestEnd.map(GuestEnd.init(fromTheLink:))
        next.records.apply(records)
        try GuestKernel.validate(next.records)
        for bytes in output { try next.output.add(bytes) }
        for bytes in released { try next.output.markReleased(bytes) }
        if let layout {
            try memory.prepare(layout: layout)
            next.layout = layout
        }
        try memory.check(pages.numbers)
        return next
    }

    /// Puts the pages in their places.
    func apply() {
        if !isFirst { discard(discards) }
        if layout != nil { memory.commit() }
        for index in 0..<pages.count { memory.write(pages.numbers[index], pages.contents + index * 4096) }
    }

    private func discard(_ discards: Discards) {
        switch discards {
        case .everything: memory.discardEverything()
        case .ranges(let ranges): for range in ranges { memory.discard(range) }
        }
    }
}
