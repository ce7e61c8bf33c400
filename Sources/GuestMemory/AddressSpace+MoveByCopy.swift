import CGuestEntry
import Glibc

/// mremap(2) of arena memory while its dirty pages are tracked.
///
/// Moving the host's pages would move marks and registrations with them: a range that is several mappings of the host
/// (arena written to at different times is, by its anon_vma) moves in part and answers EFAULT, at what piece differs
/// from Linux 6.1 to 6.18, and a hole is left that has to be registered anew. A mirror is sent the pages either way.
/// So they are copied, 3 µs a page with its first touch, and the arena stays as it is.
extension AddressSpace {
    /// Copies an area's pages to free addresses and drops them where they were. On failure nothing has changed.
    ///
    /// Returns 0 or a negative errno.
    func moveByCopy(
        _ area: VirtualMemoryArea, to whole: AddressRange, keepsOld: Bool, _ present: PresentPages,
        in state: inout State
    ) -> Int {
        let source = area.range
        // Whoever writes to the source while it is copied faults, and finds it gone or empty: as natively.
        guard HostMemory.protect(source, .read) >= 0, HostMemory.protect(whole, [.read, .write]) >= 0 else {
            return undoCopy(area, whole, -Int(ENOMEM), in: &state)
        }
        let distance = whole.start &- source.start
        var isWhole = true
        do {
            try present.forEach(in: source) { address, _ in
                if isWhole { isWhole = Self.copyPage(address, to: address &+ distance) }
            }
        } catch {
            isWhole = false
        }
        guard isWhole, HostMemory.protect(whole, area.protection) >= 0, empty(area, keepsOld: keepsOld) else {
            return undoCopy(area, whole, -Int(ENOMEM), in: &state)
        }
        state.noteOpened(whole)
        // What is kept is empty, and may be written to again.
        state.noteReplaced(source)
        return 0
    }

    private static func copyPage(_ address: UInt64, to destination: UInt64) -> Bool {
        guest_copy(
            UnsafeMutableRawPointer(bitPattern: UInt(destination)), UnsafeRawPointer(bitPattern: UInt(address)),
            Int(pageSize)) == 0
    }

    /// Drops the pages of an area that have been copied.
    private func empty(_ area: VirtualMemoryArea, keepsOld: Bool) -> Bool {
        if !keepsOld { return HostMemory.giveBack(area) >= 0 }
        if HostMemory.drop(area.range) < 0 { return HostMemory.mapAnonymous(area.range, area.protection) >= 0 }
        return HostMemory.protect(area.range, area.protection) >= 0
    }

    private func undoCopy(
        _ area: VirtualMemoryArea, _ whole: AddressRange, _ result: Int, in state: inout State
    ) -> Int {
        _ = HostMemory.restoreArena(whole)
        _ = HostMemory.protect(area.range, area.protection)
        state.noteReplaced(whole)
        state.noteOpened(area.range)
        return result
    }
}
