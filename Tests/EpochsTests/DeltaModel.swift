import RecordCoding
import TestSupport

@testable import Epochs

/// A guest's pages, an encoder that remembers some of them, and a mirror that has only what came over the link.
struct DeltaModel {
    /// What the guest has; a page that is not there reads as zeros.
    var guest: [UInt64: [UInt8]] = [:]
    var mirror: [UInt64: [UInt8]] = [:]
    private var dirty: Set<UInt64> = []
    private var discards = EpochDiscards.pages([])
    private(set) var epoch: UInt64 = 0
    private var decoder = EpochDecoder()
    private let storage: PageStorage
    let encoder: EpochEncoder

    /// Outlives the encoder that uses it.
    private final class PageStorage {
        let bytes: UnsafeMutableRawBufferPointer

        init(pageCountMax: Int) { bytes = PageBench.makeStorage(pageCountMax: pageCountMax) }

        deinit { bytes.deallocate() }
    }

    init(_ compression: Compression, pageCountMax: Int) {
        storage = PageStorage(pageCountMax: pageCountMax)
        encoder = EpochEncoder(compression, historyStorage: storage.bytes)
    }

    // MARK: - The guest

    mutating func write(_ number: UInt64, _ page: [UInt8]) {
        guest[number] = page
        dirty.insert(number)
    }

    mutating func discard(_ range: Range<UInt64>) {
        for number in range { guest[number] = nil }
        dirty = dirty.filter { !range.contains($0) }
        if case .pages(let ranges) = discards { discards = .pages(ranges + [range]) }
    }

    /// Too many ranges to tell: all that is there is sent again.
    mutating func discardEverything() {
        discards = .everything
        dirty = Set(guest.keys)
    }

    // MARK: - The link

    /// The frames of an epoch with what has happened. They count as sent.
    ///
    /// - Parameter early: before that, some of the pages as they were copied from the running guest.
    mutating func cut(early: [UInt64: [UInt8]] = [:]) throws -> [UInt8] {
        epoch += 1
        let bytes = try encode(epoch, early)
        dirty.removeAll()
        discards = .pages([])
        return bytes
    }

    /// Begins an epoch with what has happened and with other pages, of which nothing arrives.
    func cutAndAbandon(_ others: [UInt64: [UInt8]]) throws {
        encoder.begin(epoch + 1)
        try encoder.appendDiscards(discards, emit: { _ in })
        try append(dirtyPages.merging(others) { $1 }) { _ in }
    }

    private var dirtyPages: [UInt64: [UInt8]] {
        Dictionary(uniqueKeysWithValues: dirty.map { ($0, guest[$0] ?? RandomPages.zero) })
    }

    private func encode(_ number: UInt64, _ early: [UInt64: [UInt8]]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let emit: EpochEncoder.Emit = { bytes += Array($0) }
        encoder.begin(number)
        try append(early, emit)
        try encoder.appendDiscards(discards, emit: emit)
        try append(dirtyPages, emit)
        let summary = EpochEnd.Summary(isWhole: number == 1, guestNanoseconds: 0, guestEnd: nil)
        try encoder.finish(summary, emit: emit)
        return bytes
    }

    private func append(_ pages: [UInt64: [UInt8]], _ emit: EpochEncoder.Emit) throws {
        let numbers = pages.keys.sorted()
        let contents = numbers.flatMap { pages[$0] ?? RandomPages.zero }
        try numbers.withUnsafeBufferPointer { numbers in
            try contents.withUnsafeBytes { contents in
                guard let start = contents.baseAddress else { return }
                try encoder.appendPages(numbers: numbers, contents: start, emit: emit)
            }
        }
    }

    /// The mirror takes an epoch, whole or not at all.
    mutating func receive(_ bytes: [UInt8]) throws {
        let committed = mirror
        let epochs = try EpochStream.decode(bytes, &decoder) { number, target in
            guard let page = committed[number] else { return false }
            target.copyMemory(from: page, byteCount: page.count)
            return true
        }
        for content in epochs {
            for discards in content.discards { forget(discards) }
            mirror.merge(content.pages) { $1 }
        }
    }

    private mutating func forget(_ discards: EpochDiscards) {
        switch discards {
        case .everything: mirror.removeAll()
        case .pages(let ranges): mirror = mirror.filter { page in !ranges.contains { $0.contains(page.key) } }
        }
    }

    /// Whether the mirror reads what the guest reads.
    var isSame: Bool {
        Set(guest.keys).union(mirror.keys).allSatisfy { number in
            guest[number, default: RandomPages.zero] == mirror[number, default: RandomPages.zero]
        }
    }
}
