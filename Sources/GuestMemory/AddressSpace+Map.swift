import CGuestEntry
import Glibc

extension AddressSpace {
    /// mmap(2): the address, or a negative errno.
    public func map(_ request: MappingRequest) -> Int {
        guard request.byteCount > 0 else { return -Int(EINVAL) }
        guard request.byteCount < GuestLayout.mappable.count else { return -Int(ENOMEM) }
        let byteCount = roundUp(request.byteCount)
        if case .file(let file) = request.source {
            // file_mmap_ok in mm/mmap.c: a file's last offset is the largest loff_t.
            let (end, overflow) = file.offset.addingReportingOverflow(byteCount)
            guard !overflow, end <= UInt64(Int64.max) else { return -Int(EOVERFLOW) }
        }
        return state.withLock { state in
            guard state.map.hasRoomForEdit else { return -Int(ENOMEM) }
            let start: UInt64
            switch place(request.placement, byteCount, in: &state) {
            case .success(let address): start = address
            case .failure(let failure): return -Int(failure.errno)
            }
            let range = AddressRange(start: start, end: start + byteCount)
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
            let range = AddressRange(start: address, end: end)
            guard state.map.hasRoom(toRemove: range) else { return -Int(ENOMEM) }
            return clear(range, in: &state)
        }
    }

    /// shmdt(2): takes away what a mapping of all of a file, which was made at an address, has left there. -EINVAL for
    /// nothing.
    public func detach(_ file: FileIdentity, at address: UInt64, byteCount: UInt64) -> Int {
        guard let range = AddressRange(guestStart: address, count: byteCount)?.roundedOutToPages() else {
            return -Int(EINVAL)
        }
        return state.withLock { state in
            var result = -Int(EINVAL)
            for area in state.map.areas(in: range)
            where area.kind.file == file && area.kind.offset == area.range.start - address {
                result = clear(area.range, in: &state)
                if result < 0 { break }
            }
            return result
        }
    }

    /// Closes the host pages of every area in `range` and removes the areas. Where the host cannot close one (its own
    /// limit on mappings, when an area has to be split), that one and those above it stay: ENOMEM, as Linux's munmap.
    func clear(_ range: AddressRange, in state: inout State) -> Int {
        guard let range = range.intersection(GuestLayout.mappable) else { return 0 }
        state.noteLeaving(range)
        for piece in state.map.areas(in: range) {
            let result = HostMemory.giveBack(piece)
            if result < 0 {
                state.noteOpened(piece.range)
                state.map.remove(AddressRange(start: range.start, end: piece.range.start))
                return -Int(ENOMEM)
            }
            if result > 0 { state.noteReplaced(piece.range) } else { state.noteDiscarded(piece.range) }
        }
        state.map.remove(range)
        return 0
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
}
