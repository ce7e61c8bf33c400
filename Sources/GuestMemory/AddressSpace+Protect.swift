import CGuestEntry
import Glibc

extension AddressSpace {
    /// mprotect(2). As in Linux, what lies before a hole is changed before ENOMEM is returned.
    public func protect(_ address: UInt64, byteCount: UInt64, _ protection: Protection, growsDown: Bool) -> Int {
        guard address & 4095 == 0 else { return -Int(EINVAL) }
        if byteCount == 0 { return 0 }
        let (rawEnd, overflow) = address.addingReportingOverflow(byteCount)
        guard !overflow, rawEnd <= GuestLayout.arenaEnd else { return -Int(ENOMEM) }
        return state.withLock { state in
            var range = AddressRange(start: address, end: roundUp(rawEnd))
            guard let first = state.map.area(containing: address) else { return -Int(ENOMEM) }
            if growsDown {
                // From the start of what grows down, and of nothing else (do_mprotect_pkey in mm/mprotect.c).
                guard first.flags.contains(.growsDown) || first.kind == .stack else { return -Int(EINVAL) }
                range.start = first.range.start
            }
            return protect(range, protection, in: &state)
        }
    }

    private func protect(_ range: AddressRange, _ protection: Protection, in state: inout State) -> Int {
        var cursor = range.start
        while cursor < range.end {
            guard let area = state.map.area(containing: cursor) else { return -Int(ENOMEM) }
            let piece = AddressRange(start: cursor, end: min(area.range.end, range.end))
            if case .sharedFile(_, _, isWritable: false) = area.kind, protection.contains(.write) {
                return -Int(EACCES)
            }
            guard state.map.hasRoomForEdit else { return -Int(ENOMEM) }
            // Pages that were open to writes stay known as such, and are opened again at the next one.
            let result = HostMemory.protect(piece, state.hostProtection(protection, area.kind))
            if result < 0 {
                // The host may have come as far as the last of its mappings in the piece, and another thread have
                // stored there by now.
                state.noteOpened(piece)
                _ = HostMemory.protect(piece, state.hostProtection(area.protection, area.kind))
                return result
            }
            state.map.setProtection(protection, in: piece)
            cursor = piece.end
        }
        return 0
    }

    /// madvise(2) for the advice that changes what memory reads, and for what is only advice.
    public func advise(_ address: UInt64, byteCount: UInt64, advice: Int32) -> Int {
        guard address & 4095 == 0 else { return -Int(EINVAL) }
        let (rawEnd, overflow) = address.addingReportingOverflow(byteCount)
        guard !overflow, rawEnd <= GuestLayout.arenaEnd else { return -Int(EINVAL) }
        guard isKnownAdvice(advice) else { return -Int(EINVAL) }
        if byteCount == 0 { return 0 }
        let range = AddressRange(start: address, end: roundUp(rawEnd))
        return state.withLock { state in
            // The host sees the whole arena as mapped, so holes have to be looked for here.
            var result = 0
            var cursor = range.start
            for area in state.map.areas(in: range) {
                if area.range.start > cursor { result = -Int(ENOMEM) }
                let advised = advise(area, advice, in: &state)
                if advised < 0 { return advised }
                cursor = area.range.end
            }
            return cursor < range.end ? -Int(ENOMEM) : result
        }
    }

    private func advise(_ area: VirtualMemoryArea, _ guestAdvice: Int32, in state: inout State) -> Int {
        var advice = guestAdvice
        if advice == MADV_FREE {
            // madvise_free_single_vma in mm/madvise.c: anonymous memory only.
            guard area.isPlainAnonymous else { return -Int(EINVAL) }
            // Pages that vanish at some later moment would read differently on a mirror.
            advice = MADV_DONTNEED
        }
        if advice == MADV_DONTNEED, case .privateFile(let file, let offset, isHostMapped: false) = area.kind {
            refill(area, from: file, offset: offset)
            state.noteOpened(area.range)
            return 0
        }
        if advice == MADV_DONTFORK || advice == MADV_DOFORK {
            // In the forked process the host would leave a hole in the arena, where anything could come to lie.
            guard state.map.hasRoomForEdit else { return -Int(ENOMEM) }
            state.map.setFlag(.notForked, advice == MADV_DONTFORK, in: area.range)
            return 0
        }
        if advice == MADV_WIPEONFORK || advice == MADV_KEEPONFORK {
            // madvise_vma_behavior in mm/madvise.c. On the host it would stay with the addresses, whatever lies there
            // next.
            guard advice == MADV_KEEPONFORK || area.isPlainAnonymous else { return -Int(EINVAL) }
            guard state.map.hasRoomForEdit else { return -Int(ENOMEM) }
            state.map.setFlag(.wipedOnFork, advice == MADV_WIPEONFORK, in: area.range)
            return 0
        }
        let dropsContent = advice == MADV_DONTNEED || advice == MADV_REMOVE
        // Shared memory keeps its content where its pages are only taken out of the page table (MADV_DONTNEED,
        // MADV_COLD, MADV_PAGEOUT); but that they were written is kept nowhere else.
        if area.kind.isSharedMemory, advice == MADV_DONTNEED || advice == 20 || advice == 21 { return 0 }
        // MADV_REMOVE and MADV_POPULATE_WRITE need the host's mapping to be writable.
        if state.tracksBySignals, advice == MADV_REMOVE || advice == 23 { _ = state.open(area.range) }
        let result = hostCall(__NR_madvise, area.range.start, area.range.count, UInt64(advice))
        guard dropsContent, area.kind.isTracked else { return result }
        if area.kind.isSharedMemory, area.kind.memoryObject != 0 {
            let offset = area.kind.offset
            state.noteDropped(area.kind.memoryObject, from: offset, to: offset + area.range.count)
            return result
        }
        if area.kind.isSharedMemory, advice == MADV_REMOVE { state.bringBack(around: area.range) }
        // The host may have come as far as the last of its mappings in the area.
        if result < 0 { state.noteReplaced(area.range) } else { state.noteDiscarded(area.range) }
        return result
    }

    /// Natively the file's content shows again where private pages of it are dropped. Pages that were filled from the
    /// file are filled once more; they stay as they are where the file is no longer to be found.
    private func refill(_ area: VirtualMemoryArea, from file: FileIdentity, offset: UInt64) {
        guard let hostFD = reopen(file) else { return }
        defer { close(hostFD) }
        _ = fill(area.range, area.protection, fd: hostFD, offset: offset)
    }

    /// Fills pages that others may be using: nothing that was allowed is refused meanwhile.
    func fill(_ range: AddressRange, _ protection: Protection, fd: Int32, offset: UInt64) -> Int {
        let opened = HostMemory.protect(range, protection.union([.read, .write]))
        if opened < 0 { return opened }
        let filled = HostMemory.fill(range, fd: fd, offset: offset)
        // What lies past the file's end now is zero.
        if filled >= 0, filled < Int(range.count) {
            _ = HostMemory.zero(AddressRange(start: range.start + UInt64(filled), end: range.end))
        }
        let closed = HostMemory.protect(range, protection)
        return min(filled, closed)
    }

    /// A descriptor of the file behind a mapping, if its path still leads to it.
    func reopen(_ file: FileIdentity) -> Int32? {
        let hostFD = open(file.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard hostFD >= 0 else { return nil }
        var status = stat()
        if fstat(hostFD, &status) == 0, file.isDescribed(by: status) { return hostFD }
        close(hostFD)
        return nil
    }

    /// Whether advice is any that a guest may give.
    private func isKnownAdvice(_ advice: Int32) -> Bool {
        switch advice {
        case MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_REMOVE,
            MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP:
            return true
        case 20, 21, 22, 23, 25:  // MADV_COLD, PAGEOUT, POPULATE_READ, POPULATE_WRITE, COLLAPSE
            return true
        case MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK:
            return true
        default:
            return false
        }
    }

    /// Whether the whole range is mapped, for calls that only look (mincore, msync, mlock).
    public func isFullyMapped(_ address: UInt64, byteCount: UInt64) -> Bool {
        let (end, overflow) = address.addingReportingOverflow(byteCount)
        guard !overflow, end <= GuestLayout.arenaEnd else { return false }
        let range = AddressRange(start: address & ~4095, end: roundUp(end))
        return range.isEmpty || state.withLock { $0.map.isFullyMapped(range) }
    }
}
