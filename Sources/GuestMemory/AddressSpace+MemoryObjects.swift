import CGuestEntry
import Glibc
public import Synchronization

/// Files in memory that only the guest has, and that a mirror has with the same bytes (architecture §2).
extension AddressSpace {
    /// Whether there may be any; without a mirror there is none.
    @inlinable
    public var hasMemoryObjects: Bool { keepsMemoryObjects.load(ordering: .relaxed) }

    /// A longer file has no room on the link.
    public static let memoryObjectByteCountMax = MemoryObjectSpace.slotByteCount

    /// Makes a file one of them, where it is none yet and dirty pages are tracked: its number, 0 where nothing is
    /// tracked, or a negative errno. `name` is what the mirror's is called.
    public func addMemoryObject(_ hostFD: Int32, _ file: FileNumber, name: String) -> Int {
        let result = state.withLock { state in
            state.tracking?.objects.add(hostFD, file, name: MemoryObject.shortened(name)) ?? 0
        }
        if result > 0 { keepsMemoryObjects.store(true, ordering: .relaxed) }
        return result
    }

    /// The object that a file is; 0 for none.
    public func memoryObject(_ file: FileNumber) -> UInt64 {
        hasMemoryObjects ? state.withLock { $0.tracking?.objects.number(of: file) ?? 0 } : 0
    }

    /// Bytes of an object were written by a call.
    public func noteWritten(object: UInt64, from offset: UInt64, to endOffset: UInt64) {
        state.withLock { $0.tracking?.objects.noteWritten(object, from: offset, to: endOffset) }
    }

    /// A call has appended to an object.
    public func noteAppended(object: UInt64) {
        state.withLock { $0.tracking?.objects.noteAppended(object) }
    }

    /// Bytes of an object are zero now, or gone: by a hole, or as it was cut short.
    public func noteDropped(object: UInt64, from offset: UInt64, to endOffset: UInt64) {
        state.withLock { $0.noteDropped(object, from: offset, to: endOffset) }
    }

    /// Lets go of objects that the guest has neither mapped nor open; with the guest stopped, before `takeDiscards`.
    public func removeMemoryObjects(except open: Set<FileNumber>) {
        state.withLock { state in
            guard state.tracking?.objects.isEmpty == false else { return }
            let mapped = Set(state.map.areas.lazy.map(\.kind.memoryObject))
            let freed = state.tracking?.objects.removeAll { open.contains($0.file) || mapped.contains($0.number) } ?? []
            for slot in freed { state.noteDiscarded(slot) }
        }
    }
}

extension AddressSpace.State {
    /// Whole pages are discarded, and those that are left in part are sent again, with what lies around them.
    ///
    /// Since Linux 6.14 what was written in one call may lie in one large folio. One of which a part goes is split, and
    /// split by taking all of it out of the page tables (unmap_folio in mm/huge_memory.c): that its other pages were
    /// written is kept nowhere.
    mutating func noteDropped(_ object: UInt64, from offset: UInt64, to endOffset: UInt64) {
        let range = MemoryObjectSpace.range(object, from: offset, to: endOffset)
        let (first, last) = (roundUp(range.start), roundDownToPage(range.end))
        if first < last { noteDiscarded(AddressRange(start: first, end: last)) }
        for edge in [range.start, range.end] where edge & (pageSize - 1) != 0 {
            tracking?.objects.noteWritten(in: AddressRange(start: roundDownToPage(edge), count: pageSize))
        }
        let around = largestFolioRange(around: range)
        tracking?.objects.noteWritten(in: AddressRange(start: around.start, end: range.start))
        tracking?.objects.noteWritten(in: AddressRange(start: range.end, end: around.end))
    }
}

extension AddressSpace.State {
    /// The same of shared anonymous memory, which is known by its page tables alone: pages that come into them again
    /// count as written.
    func bringBack(around range: AddressRange) {
        guard tracking?.protection != nil else { return }
        let populateForReading: UInt64 = 22  // MADV_POPULATE_READ, Linux 5.14
        for area in map.areas(overlapping: largestFolioRange(around: range)) where area.kind.isSharedAnonymous {
            for part in [area.range].subtracting([range]) {
                guard let part = part.intersection(largestFolioRange(around: range)) else { continue }
                hostCall(__NR_madvise, part.start, part.count, populateForReading)
            }
        }
    }
}

/// What can be in one folio with the ends of a range: on x86-64 at most 2 MiB.
func largestFolioRange(around range: AddressRange) -> AddressRange {
    let byteCount: UInt64 = 2 << 20
    return AddressRange(
        start: range.start & ~(byteCount - 1), end: (range.end + byteCount - 1) & ~(byteCount - 1))
}

extension MemoryObject {
    /// A name as long as a memory file may have it.
    static func shortened(_ name: String) -> String {
        var name = name
        while name.utf8.count > nameByteCountMax { name.removeLast() }
        return name
    }
}
