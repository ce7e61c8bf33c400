import CGuestEntry
import Glibc

/// What stands behind a new mapping. Where something was mapped before, it is replaced in a way that another thread
/// never finds the range closed: MAP_FIXED over live memory is atomic to who reads it (mmap(2)).
extension AddressSpace {
    /// A private file mapping up to this size is read at once (about 0.35 ms a MiB); a larger one
    /// is left to the host kernel to fill page by page.
    static let eagerFillByteCountMax: UInt64 = 16 << 20

    /// Opens host pages for a range, whatever is in it now, and enters the area.
    func populate(_ range: AddressRange, _ request: MappingRequest, in state: inout State) -> Int {
        state.noteLeaving(range)
        var area = VirtualMemoryArea(range: range, protection: request.protection, kind: .anonymous)
        area.name = request.name
        let result: Int
        switch request.source {
        case .anonymous:
            result = mapAnonymous(range, request.protection, in: &state)
            // Large reservations without access are not to be searched for pages.
            if request.protection.contains(.write) || result < 0 { state.noteOpened(range) }
            if result < 0 { return result }
        case .sharedAnonymous:
            area.kind = .sharedAnonymous(object: state.nextSharedObject, offset: 0)
            state.nextSharedObject += 1
            result = HostMemory.mapSharedAnonymous(range, request.protection)
            state.noteReplaced(range)
        case .file(let file):
            let isArena = !state.map.areas(in: range).contains { $0.leavesArena }
            (area.kind, result) = mapFile(range, request.protection, file, mayBeEager: isArena)
            if area.isArenaMemory { state.noteOpened(range) } else { state.noteReplaced(range) }
        }
        guard result >= 0 else {
            // Some of the host's failures come after it has taken away what was there. At its limit of mappings it
            // has not, and refuses this one as well: then everything stays as it was.
            if HostMemory.restoreArena(range) >= 0 { state.map.remove(range) }
            state.noteReplaced(range)
            return result
        }
        state.map.insert(area)
        if request.isPopulated { populatePages(range, request.protection) }
        return 0
    }

    private func populatePages(_ range: AddressRange, _ protection: Protection) {
        // MADV_POPULATE_READ and _WRITE, Linux 5.14; MAP_POPULATE promises nothing.
        let advice: UInt64 = protection.contains(.write) ? 23 : 22
        hostCall(__NR_madvise, range.start, range.count, advice)
    }

    /// Leaves the arena's own mapping in place wherever it is still there.
    private func mapAnonymous(_ range: AddressRange, _ protection: Protection, in state: inout State) -> Int {
        let pieces = state.map.areas(in: range)
        if pieces.contains(where: { $0.leavesArena }) { return mapFresh(range, protection, in: &state) }
        let opened = HostMemory.protect(range, protection)
        if opened < 0 {
            // The host may have come as far as the last of its mappings in the range.
            _ = HostMemory.protect(range, [])
            for piece in pieces { _ = HostMemory.protect(piece.range, piece.protection) }
            return opened
        }
        if pieces.isEmpty { return 0 }
        if HostMemory.drop(range) >= 0 {
            state.noteDiscarded(range)
            return 0
        }
        // Locked pages refuse to be dropped.
        return mapFresh(range, protection, in: &state)
    }

    private func mapFresh(_ range: AddressRange, _ protection: Protection, in state: inout State) -> Int {
        let result = HostMemory.mapAnonymous(range, protection)
        state.noteReplaced(range)
        return result
    }

    private func mapFile(
        _ range: AddressRange, _ protection: Protection, _ file: MappedFile, mayBeEager: Bool
    ) -> (VirtualMemoryArea.Kind, Int) {
        if file.isShared {
            let kind = VirtualMemoryArea.Kind.sharedFile(
                file: file.identity, offset: file.offset, isWritable: file.isWritable)
            let result = HostMemory.mapFile(
                range, protection, fd: file.hostFD, offset: file.offset, isShared: true)
            return (kind, result)
        }
        let isEager =
            mayBeEager && file.isRegular && !file.mayChange && range.count <= AddressSpace.eagerFillByteCountMax
            && file.offset + range.count <= roundUp(file.fileByteCount)
        let kind = VirtualMemoryArea.Kind.privateFile(
            file: file.identity, offset: file.offset, isHostMapped: !isEager)
        guard isEager else {
            // Past the file's end the host's own mapping gives SIGBUS, as it must.
            let result = HostMemory.mapFile(
                range, protection, fd: file.hostFD, offset: file.offset, isShared: false)
            return (kind, result)
        }
        // What was there before stays accessible while it is filled over: whoever reads it at this moment sees the
        // old or the new bytes, but never a fault.
        var result = HostMemory.protect(range, protection.union([.read, .write]))
        if result >= 0 { result = fillWhole(range, file) }
        if result >= 0, protection != [.read, .write] { result = HostMemory.protect(range, protection) }
        return (kind, result)
    }

    /// The rest of the last page, past the file's end, is zero.
    private func fillWhole(_ range: AddressRange, _ file: MappedFile) -> Int {
        let filled = HostMemory.fill(range, fd: file.hostFD, offset: file.offset)
        guard filled >= 0 else { return filled }
        return HostMemory.zero(AddressRange(start: range.start + UInt64(filled), end: range.end))
    }
}
