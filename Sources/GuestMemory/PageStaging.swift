import CGuestEntry
import Glibc

/// Copies of guest pages on their way into an epoch or out of one: 4096 bytes a page, one after the other.
public final class PageStaging {
    /// The pages' numbers (address / 4096), in the order of their contents.
    public private(set) var numbers: [UInt64] = []

    /// Where the contents begin, on a page boundary. Moves when a page is added.
    public var contents: UnsafeRawPointer { UnsafeRawPointer(base) }

    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Which slot a page has; of this filling where the entry's epoch is `filling`.
    private var slots = PageTable()
    private var filling: UInt64 = 1

    /// Slots that may have memory: up to the highest that was filled since some was given back.
    private var touchedCount = 0
    /// How many pages came together of late: the most, less a little with each filling since.
    private var recentCount = 0

    private static let capacityMin = 1024
    /// So many slots keep their memory in any case (2 MiB).
    private static let keptPageCount = 512
    /// After so many fillings, a large one counts for little more than a third of what it was.
    private static let memoryFillings = 64

    public init() throws(StagingError) {
        capacity = Self.capacityMin
        base = try Self.map(pageCount: capacity)
    }

    deinit {
        hostCall(__NR_munmap, UInt64(address: base), UInt64(capacity) * pageSize)
    }

    public var count: Int { numbers.count }

    /// Bytes of memory that the slots have now, or had and keep.
    public var byteCount: Int { max(touchedCount, count) * Int(pageSize) }

    /// Empties it.
    public func reset() {
        // A slot without memory costs a page fault, as much as copying the page: epochs of one size keep theirs, and
        // what a large one had is given back by and by.
        touchedCount = max(touchedCount, count)
        recentCount = max(count, recentCount - (recentCount + Self.memoryFillings - 1) / Self.memoryFillings)
        let kept = max(Self.keptPageCount, recentCount)
        if touchedCount >= 2 * kept {
            let start = UInt64(kept) * pageSize
            let end = UInt64(touchedCount) * pageSize
            hostCall(__NR_madvise, UInt64(address: base) + start, end - start, UInt64(MADV_DONTNEED))
            touchedCount = kept
        }
        // Entries of earlier fillings are found again while a page is written epoch after epoch; but those of pages
        // that are gone are not kept for ever.
        if slots.count > 65_536, slots.count > 8 * count { slots.removeAll() }
        filling += 1
        numbers.removeAll(keepingCapacity: true)
    }

    /// Puts a page's 4096 bytes in, in place of what was put in for it before.
    public func add(_ number: UInt64, _ content: UnsafeRawPointer) throws(StagingError) {
        _ = try place(number) { slot in
            slot.copyMemory(from: content, byteCount: Int(pageSize))
            return true
        }
    }

    /// Whether a page is here with just this content.
    func holds(_ number: UInt64, _ content: UnsafeRawPointer) -> Bool {
        guard let entry = slots[number], entry.lastDirtyEpoch == filling else { return false }
        return memcmp(base + Int(entry.slot) * Int(pageSize), content, Int(pageSize)) == 0
    }

    /// Has `fill` write a page's content to its slot. Where that returns false, the page is left out.
    func place(_ number: UInt64, _ fill: (UnsafeMutableRawPointer) -> Bool) throws(StagingError) -> Bool {
        if let entry = slots[number], entry.lastDirtyEpoch == filling {
            return fill(base + Int(entry.slot) * Int(pageSize))
        }
        if count == capacity { try grow() }
        guard fill(base + count * Int(pageSize)) else { return false }
        slots[number] = PageTable.Entry(lastDirtyEpoch: filling, slot: UInt32(count))
        numbers.append(number)
        return true
    }

    /// Takes pages out that the guest has dropped since they were put in. What is left changes its order.
    public func remove(_ discards: Discards) {
        if count == 0 { return }
        touchedCount = max(touchedCount, count)
        switch discards {
        case .everything:
            filling += 1
            numbers.removeAll(keepingCapacity: true)
        case .ranges(let ranges):
            let pageCount = ranges.reduce(into: UInt64(0)) { $0 += $1.count / pageSize }
            if pageCount <= UInt64(count) {
                for range in ranges {
                    for number in range.start / pageSize..<range.end / pageSize { remove(number) }
                }
            } else {
                removeAll(in: ranges)
            }
        }
    }

    /// Looks at each page that is here once.
    private func removeAll(in ranges: [AddressRange]) {
        var sorted = ranges
        sorted.mergeTouching()
        var index = 0
        while index < count {
            let number = numbers[index]
            // Another page takes the place of one that goes.
            if sorted.contains(number * pageSize) { remove(number) } else { index += 1 }
        }
    }

    private func remove(_ number: UInt64) {
        guard let entry = slots[number], entry.lastDirtyEpoch == filling else { return }
        slots[number] = nil
        let last = numbers.removeLast()
        if last == number { return }
        (base + Int(entry.slot) * Int(pageSize)).copyMemory(
            from: base + count * Int(pageSize), byteCount: Int(pageSize))
        numbers[Int(entry.slot)] = last
        slots[last]?.slot = entry.slot
    }

    private func grow() throws(StagingError) {
        // A slot's number has 32 bits: 16 TiB of pages.
        let wanted = capacity * 2
        let mayMove: UInt64 = 1
        let moved = hostCall(
            __NR_mremap, UInt64(address: base), UInt64(capacity) * pageSize, UInt64(wanted) * pageSize, mayMove)
        guard moved > 0, let pointer = UnsafeMutableRawPointer(bitPattern: moved) else {
            throw StagingError(pageCount: wanted, errno: Int32(-moved))
        }
        base = pointer
        capacity = wanted
    }

    private static func map(pageCount: Int) throws(StagingError) -> UnsafeMutableRawPointer {
        let mapped = hostCall(
            __NR_mmap, 0, UInt64(pageCount) * pageSize, UInt64(PROT_READ | PROT_WRITE),
            UInt64(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE), UInt64(signed: Int32(-1)), 0)
        guard mapped > 0, let pointer = UnsafeMutableRawPointer(bitPattern: mapped) else {
            throw StagingError(pageCount: pageCount, errno: Int32(-mapped))
        }
        HostMemory.keepFromChildren(pointer, pageCount * Int(pageSize))
        return pointer
    }
}

/// There is no memory for the pages of an epoch.
public struct StagingError: Error, Sendable, CustomStringConvertible {
    public let pageCount: Int
    public let errno: Int32

    public var description: String { "no memory to hold \(pageCount) pages: errno \(errno)" }
}
