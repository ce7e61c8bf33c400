import Glibc

/// mremap(2)'s flags.
public struct RemapFlags: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let mayMove = RemapFlags(rawValue: 1)
    public static let fixed = RemapFlags(rawValue: 2)
    public static let dontUnmap = RemapFlags(rawValue: 4)
}

extension AddressSpace {
    /// mremap(2): the new address, or a negative errno.
    public func remap(
        _ address: UInt64, oldByteCount: UInt64, newByteCount: UInt64, flags: RemapFlags, newAddress: UInt64
    ) -> Int {
        guard flags.subtracting([.mayMove, .fixed, .dontUnmap]).isEmpty, address & 4095 == 0 else {
            return -Int(EINVAL)
        }
        if flags.contains(.fixed) || flags.contains(.dontUnmap), !flags.contains(.mayMove) { return -Int(EINVAL) }
        if flags.contains(.dontUnmap), oldByteCount != newByteCount { return -Int(EINVAL) }
        guard newByteCount > 0, newByteCount < GuestLayout.arenaEnd, oldByteCount < GuestLayout.arenaEnd else {
            return -Int(EINVAL)
        }
        let (end, overflow) = address.addingReportingOverflow(roundUp(oldByteCount))
        guard !overflow, end <= GuestLayout.arenaEnd else { return -Int(EINVAL) }
        let old = AddressRange(start: address, end: end)
        return state.withLock { state in
            guard state.map.hasRoomForEdit else { return -Int(ENOMEM) }
            return remap(old, roundUp(newByteCount), flags, newAddress, in: &state)
        }
    }

    private func remap(
        _ old: AddressRange, _ newByteCount: UInt64, _ flags: RemapFlags, _ newAddress: UInt64,
        in state: inout State
    ) -> Int {
        guard let area = state.map.area(containing: old.start) else { return -Int(EFAULT) }
        // An old size of 0 duplicates a shared mapping; nothing needs it, and it is refused cleanly.
        guard old.count > 0 else { return -Int(EINVAL) }
        if flags.contains(.fixed) {
            return moveFixed(old, newByteCount, newAddress, flags, in: &state)
        }
        if !flags.contains(.dontUnmap) {
            if newByteCount <= old.count {
                clear(AddressRange(start: old.start + newByteCount, end: old.end), in: &state)
                return Int(old.start)
            }
            guard area.range.contains(old) else { return -Int(EFAULT) }
            if let address = growInPlace(old, area, newByteCount, in: &state) { return address }
        }
        guard flags.contains(.mayMove) else { return -Int(ENOMEM) }
        let hint = newAddress == 0 ? nil : newAddress & ~4095
        let destination = state.map.findGap(
            count: newByteCount, alignment: 4096, hint: flags.contains(.dontUnmap) ? hint : nil,
            below: state.mappingTop, above: GuestLayout.lowestAddress)
        guard let destination else { return -Int(ENOMEM) }
        return move(old, to: destination, newByteCount, keepsOld: flags.contains(.dontUnmap), in: &state)
    }

    private func growInPlace(
        _ old: AddressRange, _ area: VirtualMemoryArea, _ newByteCount: UInt64, in state: inout State
    ) -> Int? {
        let grown = AddressRange(start: old.end, end: old.start + newByteCount)
        guard area.range.end == old.end, area.isPlainAnonymous, GuestLayout.mappable.contains(grown),
            state.map.isFree(grown), HostMemory.protect(grown, area.protection) == 0
        else { return nil }
        var added = area
        added.range = grown
        state.map.insert(added)
        return Int(old.start)
    }

    private func moveFixed(
        _ old: AddressRange, _ newByteCount: UInt64, _ newAddress: UInt64, _ flags: RemapFlags,
        in state: inout State
    ) -> Int {
        guard newAddress & 4095 == 0 else { return -Int(EINVAL) }
        let (end, overflow) = newAddress.addingReportingOverflow(newByteCount)
        guard !overflow, end <= GuestLayout.mappable.end else { return -Int(EINVAL) }
        guard newAddress >= GuestLayout.lowestAddress else { return -Int(EPERM) }
        let destination = AddressRange(start: newAddress, end: end)
        guard !destination.overlaps(old) else { return -Int(EINVAL) }
        var source = old
        if newByteCount < old.count {
            let shorter = AddressRange(start: old.start, end: old.start + newByteCount)
            clear(AddressRange(start: shorter.end, end: old.end), in: &state)
            source = shorter
        }
        guard state.map.area(containing: source.start)?.range.contains(source) == true else { return -Int(EFAULT) }
        clear(destination, in: &state)
        return move(source, to: newAddress, newByteCount, keepsOld: flags.contains(.dontUnmap), in: &state)
    }

    /// Moves an area, or a piece of one, to free addresses and grows it to `newByteCount`.
    private func move(
        _ source: AddressRange, to destination: UInt64, _ newByteCount: UInt64, keepsOld: Bool,
        in state: inout State
    ) -> Int {
        guard let area = state.map.area(containing: source.start), area.range.contains(source) else {
            return -Int(EFAULT)
        }
        // A host mapping of a file cannot grow without its descriptor, which may be closed long since.
        guard area.isArenaMemory || newByteCount == source.count else { return -Int(ENOMEM) }
        guard area.isArenaMemory || !keepsOld else { return -Int(EINVAL) }
        let whole = AddressRange(start: destination, end: destination + newByteCount)
        if area.isArenaMemory, HostMemory.protect(whole, area.protection) < 0 { return -Int(ENOMEM) }
        let moved = HostMemory.move(source, to: destination)
        guard moved >= 0 else {
            HostMemory.restoreArena(whole)
            return moved
        }
        // The kernel's move took the host mapping's protection along; the grown tail has it already.
        var placed = area.slice(source)
        placed.range = whole
        if case .heap = placed.kind { placed.kind = .anonymous }
        if case .stack = placed.kind { placed.kind = .anonymous }
        if !keepsOld { clear(source, in: &state) }
        state.map.insert(placed)
        return Int(destination)
    }
}
