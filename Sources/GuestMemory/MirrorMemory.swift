import CGuestEntry
import Glibc
import RecordCoding
import Synchronization

/// The guest's memory in the mirror: the same arena at the same addresses, before any guest runs in it.
///
/// Until the takeover every range that the guest has mapped is readable and writable memory of the arena, whatever its
/// protection, and whatever stands behind it on the primary. Files are only held open: at the takeover they are
/// mapped, and the pages that the guest had written are put over them. So an epoch can be refused, or applied, without
/// a mapping of the committed state being touched. The exception are private mappings of a file without such a page,
/// which are made with their epoch (`MirrorMemory+Files.swift`).
///
/// Used by one thread at a time.
public final class MirrorMemory {
    /// A layout and what it needs.
    struct Layout {
        var record = MemoryLayoutRecord()
        /// What is mapped but for shared files: sorted.
        var mapped: [AddressRange] = []
        var files = MirrorFiles()
        var objects = MirrorObjects()
    }

    private(set) var committed = Layout()
    private(set) var prepared: Layout?
    /// What is readable and writable now, at least what the two layouts have mapped: sorted.
    private var open: [AddressRange] = []
    var mappedFiles = MirrorFileMappings()

    /// Reserves the arena. Fails with EEXIST where something lies in it already.
    public init() throws(AddressSpaceError) {
        // A huge page would show pages as present that the guest never had, and those of a mapped file as zero.
        HostMemory.disableHugePages()
        let result = HostMemory.reserve(GuestLayout.arena)
        guard result == Int(GuestLayout.arena.start) else {
            throw AddressSpaceError(errno: result < 0 ? Int32(-result) : EEXIST)
        }
    }

    // MARK: - An epoch comes in

    /// Makes ready for a new layout: opens what is newly mapped and the files that stand behind it. Where that fails,
    /// everything is as it was, and the epoch has to be refused. May be called again before `commit`.
    public func prepare(layout bytes: [UInt8]) throws(MirrorMemoryError) {
        let record: MemoryLayoutRecord
        do {
            record = try MemoryLayoutRecord(bytes)
        } catch {
            throw MirrorMemoryError("the layout of the guest's memory is damaged (\(error))")
        }
        var next = Layout(record: record)
        next.mapped = record.areas.filter { $0.kind.liesInArena }.map { $0.range }
        next.mapped.mergeTouching()
        next.files = try (prepared ?? committed).files.opening(record)
        next.objects = try (prepared ?? committed).objects.opening(record.objects)
        let missing = next.mapped.subtracting(open)
        for (index, range) in missing.enumerated() {
            let result = HostMemory.protect(range, [.read, .write])
            if result >= 0 { continue }
            for range in missing[...index] { _ = HostMemory.protect(range, []) }
            throw MirrorMemoryError(
                "no memory for the guest's mapping at \(range); the host refuses it (see ulimit -d, "
                    + "vm.max_map_count and vm.overcommit_memory)", errno: Int32(-result))
        }
        open += missing
        open.mergeTouching()
        prepared = next
    }

    /// Whether a page has a place already, in the layout prepared last.
    public func isPrepared(_ page: UInt64) -> Bool {
        let layout = prepared ?? committed
        if MemoryObjectSpace.number(ofPage: page) != 0 { return layout.objects.hasPlace(for: page) }
        return page < GuestLayout.arenaEnd / pageSize && layout.mapped.contains(page * pageSize)
    }

    /// The volumes' files that stand behind mappings of the layout prepared last, by their handles.
    public var mappedVolumeFiles: Set<UInt64> { (prepared ?? committed).record.mappedVolumeFiles }

    /// Refuses page numbers that no guest can have.
    public func check(_ pages: [UInt64]) throws(MirrorMemoryError) {
        let numbers = GuestLayout.mappable.start / pageSize..<GuestLayout.mappable.end / pageSize
        let wrong = pages.first { !numbers.contains($0) && MemoryObjectSpace.number(ofPage: $0) == 0 }
        guard let wrong else { return }
        throw MirrorMemoryError("page \(hexadecimal(wrong)) lies outside the guest's memory")
    }

    // MARK: - The epoch is applied, which cannot fail

    /// Forgets what the pages of a range held.
    public func discard(_ range: AddressRange) {
        if MemoryObjectSpace.number(at: range.start) != 0 {
            (prepared ?? committed).objects.discard(range)
            return
        }
        guard let inside = range.intersection(GuestLayout.mappable) else { return }
        let pages = AddressRange(start: roundDownToPage(inside.start), end: roundUp(inside.end))
        unmapFiles(overlapping: pages)
        let result = HostMemory.drop(pages)
        precondition(result == 0, "the mirror's pages at \(inside) cannot be dropped: errno \(-result)")
    }

    public func discardEverything() {
        discard(GuestLayout.mappable)
        (prepared ?? committed).objects.discardEverything()
    }

    /// Makes the prepared layout the guest's: what it does not map is closed.
    public func commit() {
        guard let next = prepared else { return }
        let before = committed.record
        prepared = nil
        committed = next
        committed.objects.cutShort()
        unmapOtherFiles()
        closeUnmapped()
        mapFiles(unlike: before)
    }

    /// Writes a page's 4096 bytes to its place. A page that no layout maps is passed over: it was copied while the
    /// guest ran, and gone at the end of the epoch.
    public func write(_ page: UInt64, _ content: UnsafeRawPointer) {
        guard isPrepared(page) else { return }
        if MemoryObjectSpace.number(ofPage: page) != 0 {
            (prepared ?? committed).objects.write(page, content)
            return
        }
        unmapFile(ofPage: page)
        let isWritten = GuestAccess.copyOut(to: page * pageSize, content, count: Int(pageSize))
        precondition(isWritten, "the mirror's page at \(hexadecimal(page * pageSize)) is not open")
    }

    /// Copies a page's 4096 bytes as the last epoch left them; false where it has none. After a takeover pages may be
    /// gone or unreadable at any moment, which is why it is copied: then it is false as well.
    public func copyCommitted(_ page: UInt64, to content: UnsafeMutableRawPointer) -> Bool {
        if MemoryObjectSpace.number(ofPage: page) != 0 { return committed.objects.copy(page, to: content) }
        guard page < GuestLayout.arenaEnd / pageSize, committed.mapped.contains(page * pageSize) else { return false }
        return GuestAccess.copyIn(content, from: page * pageSize, count: Int(pageSize))
    }

    /// Shows a page as it is, for checksums; nil where none is mapped, and for a memory object's.
    public func withPage<Outcome>(
        _ page: UInt64, _ body: (UnsafeRawBufferPointer) throws -> Outcome
    ) rethrows -> Outcome? {
        guard isPrepared(page), MemoryObjectSpace.number(ofPage: page) == 0,
            let start = UnsafeRawPointer(bitPattern: UInt(page * pageSize))
        else { return nil }
        return try body(UnsafeRawBufferPointer(start: start, count: Int(pageSize)))
    }

    /// The host may be out of mappings and refuse to split one; the pages are gone all the same, and closing them is
    /// tried again with the next layout.
    private func closeUnmapped() {
        var left: [AddressRange] = []
        for range in open.subtracting(committed.mapped) {
            discard(range)
            if HostMemory.protect(range, []) < 0 { left.append(range) }
        }
        open = committed.mapped + left
        open.mergeTouching()
    }

    // MARK: - Takeover

    /// Makes the committed layout an address space that a guest can run in; afterwards this must not be used any more.
    /// `volumeFiles` are host descriptors by the handles of the volumes' files, and stay the caller's.
    public func becomeAddressSpace(volumeFiles: [UInt64: Int32] = [:]) throws(MirrorMemoryError) -> AddressSpace {
        prepared = nil
        closeUnmapped()
        if let range = open.subtracting(committed.mapped).first {
            throw MirrorMemoryError("\(range) cannot be closed; the host is out of mappings (vm.max_map_count)")
        }
        let record = committed.record
        committed.objects.setSizes()
        var map = VirtualMemoryMap(limits: GuestLayout.mappable)
        let takeover = try MirrorTakeover(committed.files, committed.objects, volumeFiles: volumeFiles)
        for area in record.areas {
            try takeover.establish(area, isMapped: mappedFiles.has(area))
            var placed = area
            // The mirror's pages were never anywhere else.
            placed.flags.remove(.moved)
            map.insert(placed)
        }
        committed.objects.setModes()
        map.mappedByteCountPeak = max(map.mappedByteCountPeak, record.mappedByteCountPeak)
        return AddressSpace(
            adopting: AddressSpace.State(
                map: map, heapStart: record.heapStart, heapEnd: record.heapEnd, mappingTop: record.mappingTop,
                nextSharedObject: record.nextSharedObject))
    }

    /// After the takeover: descriptors of the files that the guest's memory objects are now, by what those were on the
    /// primary. They are the caller's, and the only ones.
    public func takeObjectDescriptors() -> [FileNumber: Int32] {
        defer { committed.objects = MirrorObjects() }
        return committed.objects.duplicates()
    }
}

/// The mirror cannot have the guest's memory as an epoch describes it, or not go on with it.
public struct MirrorMemoryError: Error, Sendable, CustomStringConvertible {
    public let message: String
    /// The host's errno, or 0 where no call was refused.
    public let errno: Int32

    init(_ message: String, errno: Int32 = 0) {
        self.message = errno == 0 ? message : "\(message): errno \(errno)"
        self.errno = errno
    }

    public var description: String { message }
}
