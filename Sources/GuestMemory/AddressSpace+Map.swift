import CGuestEntry
import Glibc

extension AddressSpace {
    /// A private file mapping up to this size is read at once (about 0.35 ms a MiB); a larger one
    /// is left to the host kernel to fill page by page.
    static let eagerFillByteCountMax: UInt64 = 16 << 20

    /// mmap(2): the address, or a negative errno.
    public func map(_ request: MappingRequest) -> Int {
        guard request.byteCount > 0 else { return -Int(EINVAL) }
        guard request.byteCount < GuestLayout.mappable.count else { return -Int(ENOMEM) }
        let byteCount = roundUp(request.byteCount)
        return state.withLock { state in
            guard state.map.hasRoomForEdit else { return -Int(ENOMEM) }
            let start: UInt64
            switch place(request.placement, byteCount, in: &state) {
            case .success(let address): start = address
            case .failure(let failure): return -Int(failure.errno)
            }
            let range = AddressRange(start: start, end: start + byteCount)
            clear(range, in: &state)
            let result = populate(range, request, in: &state)
            return result < 0 ? result : Int(start)
        }
    }

    /// munmap(2).
    public func unmap(_ address: UInt64, byteCount: UInt64) -> Int {
        guard address & 4095 == 0, byteCount > 0, byteCount <= GuestLayout.arenaEnd else { return -Int(EINVAL) }
        let (end, overflow) = address.addingReportingOverflow(roundUp(byteCount))
        guard !overflow, end <= GuestLayout.arenaEnd else { return -Int(EINVAL) }
        return state.withLock { state in
            guard state.map.hasRoomForEdit else { return -Int(ENOMEM) }
            clear(AddressRange(start: address, end: end), in: &state)
            return 0
        }
    }

    /// Removes every area in `range` and closes its host pages.
    func clear(_ range: AddressRange, in state: inout State) {
        guard let range = range.intersection(GuestLayout.mappable) else { return }
        for removed in state.map.remove(range) {
            if removed.isArenaMemory {
                HostMemory.close(removed.range)
            } else {
                HostMemory.restoreArena(removed.range)
            }
        }
    }

    private struct PlacementFailure: Error {
        var errno: Int32
    }

    private func place(
        _ placement: MappingRequest.Placement, _ byteCount: UInt64, in state: inout State
    ) -> Result<UInt64, PlacementFailure> {
        let found: UInt64?
        switch placement {
        case .fixed(let address):
            return checkedFixed(address, byteCount)
        case .fixedNoReplace(let address):
            guard case .success = checkedFixed(address, byteCount) else { return checkedFixed(address, byteCount) }
            let range = AddressRange(start: address, end: address + byteCount)
            return state.map.isFree(range) ? .success(address) : .failure(PlacementFailure(errno: EEXIST))
        case .low32Bit:
            let low = GuestLayout.low32BitRange
            found = state.map.findGap(
                count: byteCount, alignment: 4096, hint: nil, below: low.end, above: low.start)
        case .anywhere(let hint):
            found = state.map.findGap(
                count: byteCount, alignment: 4096, hint: hint == 0 ? nil : hint, below: state.mappingTop,
                above: GuestLayout.lowestAddress)
        }
        guard let found else { return .failure(PlacementFailure(errno: ENOMEM)) }
        return .success(found)
    }

    private func checkedFixed(_ address: UInt64, _ byteCount: UInt64) -> Result<UInt64, PlacementFailure> {
        guard address & 4095 == 0 else { return .failure(PlacementFailure(errno: EINVAL)) }
        guard address >= GuestLayout.lowestAddress else { return .failure(PlacementFailure(errno: EPERM)) }
        let (end, overflow) = address.addingReportingOverflow(byteCount)
        guard !overflow, end <= GuestLayout.mappable.end else { return .failure(PlacementFailure(errno: ENOMEM)) }
        return .success(address)
    }

    /// Opens host pages for a cleared range and enters the area.
    private func populate(_ range: AddressRange, _ request: MappingRequest, in state: inout State) -> Int {
        var area = VirtualMemoryArea(range: range, protection: request.protection, kind: .anonymous)
        area.name = request.name
        let result: Int
        switch request.source {
        case .anonymous:
            result = HostMemory.protect(range, request.protection)
        case .sharedAnonymous:
            area.kind = .sharedAnonymous(object: state.nextSharedObject, offset: 0)
            state.nextSharedObject += 1
            result = HostMemory.mapSharedAnonymous(range, request.protection)
        case .file(let file):
            (area.kind, result) = mapFile(range, request.protection, file)
        }
        guard result >= 0 else {
            HostMemory.restoreArena(range)
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

    private func mapFile(
        _ range: AddressRange, _ protection: Protection, _ file: MappedFile
    ) -> (VirtualMemoryArea.Kind, Int) {
        if file.isShared {
            let kind = VirtualMemoryArea.Kind.sharedFile(
                file: file.identity, offset: file.offset, isWritable: file.isWritable)
            let result = HostMemory.mapFile(
                range, protection, fd: file.hostFD, offset: file.offset, isShared: true)
            return (kind, result)
        }
        let isEager =
            file.isRegular && range.count <= AddressSpace.eagerFillByteCountMax
            && file.offset + range.count <= roundUp(file.fileByteCount)
        let kind = VirtualMemoryArea.Kind.privateFile(
            file: file.identity, offset: file.offset, isHostMapped: !isEager)
        guard isEager else {
            // Past the file's end the host's own mapping gives SIGBUS, as it must.
            let result = HostMemory.mapFile(
                range, protection, fd: file.hostFD, offset: file.offset, isShared: false)
            return (kind, result)
        }
        var result = HostMemory.protect(range, [.read, .write])
        if result >= 0 { result = HostMemory.fill(range, fd: file.hostFD, offset: file.offset) }
        if result >= 0, protection != [.read, .write] { result = HostMemory.protect(range, protection) }
        return (kind, result)
    }
}
