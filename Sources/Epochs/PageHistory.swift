/// The versions of pages that were encoded last, as many as fit into a given storage: who was used least recently goes
/// first.
///
/// All is flat in that storage, from its start: the pages' contents, an entry for each, and an index by page number
/// (open addressing with linear probing, at most half full; deletion closes gaps, so that there are no tombstones).
/// Slots in use form a ring in order of use, with slot 0, which has no content, between the newest and the oldest.
final class PageHistory {
    typealias Slot = UInt32

    /// What is known of a page besides its content.
    struct Entry {
        var number: UInt64
        /// The epoch that the content was encoded in.
        var epoch: UInt64
        /// The content's XXH3.
        var checksum: UInt64
        fileprivate(set) var newer: Slot
        /// In a free slot: the next free one.
        fileprivate(set) var older: Slot
        var experience = PageExperience()
    }

    /// So many pages fit.
    let capacity: Int
    private(set) var count = 0

    private let contents: UnsafeMutableRawPointer
    private let entries: UnsafeMutablePointer<Entry>
    private let index: UnsafeMutablePointer<Slot>
    private let indexMask: Int
    /// Slots from here on were never used since the last `removeAll`.
    private var firstUnused: Slot = 1
    private var firstFree: Slot = 0

    /// An index has at most four times as many cells as there are slots: twice, rounded up to a power of two.
    private static let indexByteCountMax = 4 * MemoryLayout<Slot>.stride
    static let byteCountPerPage = PageCoding.pageByteCount + MemoryLayout<Entry>.stride + indexByteCountMax
    private static let entryByteCount = MemoryLayout<Entry>.stride

    /// - Parameter storage: filled with zeros, as mmap(2) gives it, on a page boundary; it has to outlive this. Nil
    ///   where not a single page fits.
    init?(storage: UnsafeMutableRawBufferPointer) {
        // The entry of slot 0.
        let capacity = (storage.count - PageHistory.entryByteCount) / PageHistory.byteCountPerPage
        guard capacity > 0, capacity < Int(Slot.max), let start = storage.baseAddress else { return nil }
        self.capacity = capacity
        contents = start
        let entriesStart = start + capacity * PageCoding.pageByteCount
        entries = entriesStart.bindMemory(to: Entry.self, capacity: capacity + 1)
        var cellCount = 1
        while cellCount < 2 * capacity { cellCount *= 2 }
        let indexStart = entriesStart + (capacity + 1) * PageHistory.entryByteCount
        index = indexStart.bindMemory(to: Slot.self, capacity: cellCount)
        indexMask = cellCount - 1
        precondition(UnsafeMutableRawPointer(index + cellCount) <= start + storage.count, "the storage is too small")
        precondition(UInt(bitPattern: start) % UInt(PageCoding.pageByteCount) == 0, "the storage begins with a page")
        entries[0] = Entry(number: .max, epoch: 0, checksum: 0, newer: 0, older: 0)
    }

    /// The page's slot; nil where nothing is known of it.
    func slot(of number: UInt64) -> Slot? {
        let slot = index[cell(of: number)]
        return slot == 0 ? nil : slot
    }

    /// The content that was encoded last.
    func content(_ slot: Slot) -> UnsafeRawPointer {
        UnsafeRawPointer(contentPlace(slot))
    }

    subscript(slot: Slot) -> Entry {
        get { entries[Int(slot)] }
        // A setter would copy an entry for each of its fields that changes.
        _modify { yield &entries[Int(slot)] }
    }

    /// Counts as a use.
    func touch(_ slot: Slot) {
        if entries[0].older == slot { return }
        unlink(slot)
        linkAsNewest(slot)
    }

    /// Keeps a new version of a page in its slot.
    func replace(_ slot: Slot, _ page: UnsafeRawPointer, checksum: UInt64, epoch: UInt64) {
        contentPlace(slot).copyMemory(from: page, byteCount: PageCoding.pageByteCount)
        entries[Int(slot)].checksum = checksum
        entries[Int(slot)].epoch = epoch
        touch(slot)
    }

    /// Keeps a page that nothing is known of.
    func insert(
        _ number: UInt64, _ page: UnsafeRawPointer, checksum: UInt64, epoch: UInt64, experience: PageExperience
    ) {
        if count == capacity { remove(entries[0].newer) }
        let slot = takeFreeSlot()
        index[cell(of: number)] = slot
        contentPlace(slot).copyMemory(from: page, byteCount: PageCoding.pageByteCount)
        entries[Int(slot)] = Entry(
            number: number, epoch: epoch, checksum: checksum, newer: 0, older: 0, experience: experience)
        linkAsNewest(slot)
        count += 1
    }

    // MARK: - Forgetting

    func remove(_ slot: Slot) {
        removeFromIndex(cell(of: entries[Int(slot)].number))
        unlink(slot)
        entries[Int(slot)].older = firstFree
        firstFree = slot
        count -= 1
    }

    func removeAll() {
        if count == 0 { return }
        index.update(repeating: 0, count: indexMask + 1)
        entries[0].newer = 0
        entries[0].older = 0
        firstUnused = 1
        firstFree = 0
        count = 0
    }

    /// Forgets pages that read as zeros from now on.
    func remove(_ discards: EpochDiscards) {
        switch discards {
        case .everything: removeAll()
        case .pages(let ranges): remove(ranges)
        }
    }

    /// Page by page, or, where the ranges have more pages than there are here, looking at all that are here once.
    private func remove(_ ranges: [Range<UInt64>]) {
        if count == 0 { return }
        let pageCount = ranges.reduce(into: UInt64(0)) { $0 += UInt64($1.count) }
        if pageCount <= UInt64(count) {
            for range in ranges {
                for number in range {
                    if let slot = slot(of: number) { remove(slot) }
                }
            }
            return
        }
        let sorted = PageHistory.disjoint(ranges)
        var slot = entries[0].older
        while slot != 0 {
            let next = entries[Int(slot)].older
            if PageHistory.contains(entries[Int(slot)].number, sorted) { remove(slot) }
            slot = next
        }
    }

    private static func disjoint(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
        var merged: [Range<UInt64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    private static func contains(_ number: UInt64, _ sorted: [Range<UInt64>]) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].upperBound <= number { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low].contains(number)
    }

    // MARK: - Slots

    private func contentPlace(_ slot: Slot) -> UnsafeMutableRawPointer {
        contents + (Int(slot) - 1) * PageCoding.pageByteCount
    }

    private func takeFreeSlot() -> Slot {
        if firstFree == 0 {
            firstUnused += 1
            return firstUnused - 1
        }
        let slot = firstFree
        firstFree = entries[Int(slot)].older
        return slot
    }

    private func unlink(_ slot: Slot) {
        let entry = entries[Int(slot)]
        entries[Int(entry.newer)].older = entry.older
        entries[Int(entry.older)].newer = entry.newer
    }

    private func linkAsNewest(_ slot: Slot) {
        let newest = entries[0].older
        entries[Int(slot)].newer = 0
        entries[Int(slot)].older = newest
        entries[Int(newest)].newer = slot
        entries[0].older = slot
    }

    // MARK: - The index

    /// Pages in a row are far apart after Fibonacci hashing (Knuth, TAOCP 3, 6.4), whose upper bits are the good ones.
    private func home(_ number: UInt64) -> Int {
        Int(truncatingIfNeeded: (number &* 0x9e37_79b9_7f4a_7c15) >> 32) & indexMask
    }

    /// The cell that has the page, or the free one where it would go.
    private func cell(of number: UInt64) -> Int {
        var cell = home(number)
        while index[cell] != 0, entries[Int(index[cell])].number != number { cell = (cell + 1) & indexMask }
        return cell
    }

    /// Each later page of the run moves back unless its search begins after the gap (Knuth, TAOCP 3, 6.4, Algorithm R).
    private func removeFromIndex(_ removed: Int) {
        var gap = removed
        var cell = removed
        while true {
            cell = (cell + 1) & indexMask
            if index[cell] == 0 { break }
            let distance = (cell - home(entries[Int(index[cell])].number)) & indexMask
            if distance >= (cell - gap) & indexMask {
                index[gap] = index[cell]
                gap = cell
            }
        }
        index[gap] = 0
    }
}
