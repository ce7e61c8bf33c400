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
                let result = clear(AddressRange(start: old.start + newByteCount, end: old.end), in: &state)
                return result < 0 ? result : Int(old.start)
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
        state.noteOpened(grown)
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
            let result = clear(AddressRange(start: shorter.end, end: old.end), in: &state)
            if result < 0 { return result }
            source = shorter
        }
        guard state.map.area(containing: source.start)?.range.contains(source) == true else { return -Int(EFAULT) }
        let cleared = clear(destination, in: &state)
        if cleared < 0 { return cleared }
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
        guard area.isArenaMemory || !keepsOld else { return -Int(EINVAL) }
        // More of a shared object is what another mapping of it shows, or SIGBUS. The first would be memory at two
        // places, which a mirror has as two.
        if state.tracking != nil, area.kind.isSharedAnonymous, newByteCount > source.count { return -Int(ENOMEM) }
        let whole = AddressRange(start: destination, end: destination + newByteCount)
        var hostFD: Int32?
        defer { if let hostFD { close(hostFD) } }
        if case .privateFile(let file, _, isHostMapped: false) = area.kind, newByteCount > source.count {
            // What is added shows more of the file, whose descriptor may be closed long since.
            hostFD = reopen(file)
            if hostFD == nil { return -Int(ENOMEM) }
        }
        var placed = area.slice(source).moved(to: destination)
        placed.range = whole
        if area.isArenaMemory, let present = state.tracking?.present {
            let copied = moveByCopy(area.slice(source), to: whole, keepsOld: keepsOld, present, in: &state)
            guard copied >= 0 else { return copied }
            placed.flags.remove(.moved)
        } else {
            let moved = moveMapping(area.slice(source), to: whole, keepsOld: keepsOld, in: &state)
            guard moved >= 0 else { return moved }
            // Only such pages have a place in the arena that they differ from; other mappings never were part of it.
            if area.isArenaMemory { placed.flags.insert(.moved) }
        }
        if !keepsOld { state.map.remove(source) }
        state.map.insert(placed)
        if let hostFD {
            let tail = AddressRange(start: destination + source.count, end: whole.end)
            _ = fill(tail, area.protection, fd: hostFD, offset: placed.kind.offset + source.count)
        }
        return Int(destination)
    }

    /// Has the host move an area's mapping.
    private func moveMapping(
        _ area: VirtualMemoryArea, to whole: AddressRange, keepsOld: Bool, in state: inout State
    ) -> Int {
        // Before Linux 6.17 what is moved has to be one mapping of the host's, which open pages among closed ones are
        // not, nor pages that are registered with a tracker among others that are not.
        state.noteLeaving(area.range)
        if state.tracksBySignals { _ = HostMemory.protect(area.range, area.protection) }
        guard (try? state.registerUntracked()) != nil else { return -Int(ENOMEM) }
        let moved = moveHostPages(area, to: whole, keepsOld: keepsOld)
        // Where the move failed, some pages may have been away and come back.
        state.noteReplaced(area.range)
        state.noteReplaced(whole)
        // The move has just made the room that this takes.
        if moved >= 0, !keepsOld { _ = HostMemory.restoreArena(area.range) }
        return moved
    }

    /// Moves and grows in one call where the area is one mapping of the host's as well. It need not be: arena that was
    /// written to at different times stays several (anon_vma), which mremap answers with EFAULT before Linux 6.17.
    private func moveHostPages(_ area: VirtualMemoryArea, to whole: AddressRange, keepsOld: Bool) -> Int {
        let source = area.range
        var result = HostMemory.move(source, to: whole, keepsSource: keepsOld)
        if result == -Int(EFAULT), area.isArenaMemory {
            // The destination may be a hole by now.
            _ = HostMemory.restoreArena(whole)
            let tail = AddressRange(start: whole.start + source.count, end: whole.end)
            result = tail.isEmpty ? 0 : HostMemory.protect(tail, area.protection)
            if result >= 0 { result = movePieces(source, to: whole.start, keepsOld: keepsOld) }
        }
        if result < 0 { _ = HostMemory.restoreArena(whole) }
        return result
    }

    /// Halves a range until each piece lies in one mapping of the host's; what has been moved goes back on failure.
    private func movePieces(_ source: AddressRange, to destination: UInt64, keepsOld: Bool) -> Int {
        let target = AddressRange(start: destination, count: source.count)
        let result = HostMemory.move(source, to: target, keepsSource: keepsOld)
        guard result == -Int(EFAULT), source.count > pageSize else { return result }
        let lower = AddressRange(start: source.start, count: roundDownToPage(source.count / 2))
        let upper = AddressRange(start: lower.end, end: source.end)
        let first = movePieces(lower, to: destination, keepsOld: keepsOld)
        guard first >= 0 else { return first }
        let second = movePieces(upper, to: destination + lower.count, keepsOld: keepsOld)
        guard second < 0 else { return second }
        _ = movePieces(AddressRange(start: destination, count: lower.count), to: lower.start, keepsOld: false)
        return second
    }
}
