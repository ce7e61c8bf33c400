import CGuestEntry
import Glibc

/// What is done to the arena's host pages. The arena stays one mapping wherever it can: a piece of it is opened by
/// mprotect and closed by PROT_NONE + MADV_DONTNEED, so that its registration with a page tracker holds. Only where
/// the host maps a file or shared memory, or has moved pages, is a fresh piece put back.
///
/// Every function returns 0 (or a count) or a negative errno. The caller holds the address space's lock.
enum HostMemory {
    static func reserve(_ range: AddressRange) -> Int {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | mapFixedNoReplace
        return map(range, protection: PROT_NONE, flags: flags, fd: -1, offset: 0)
    }

    static func protect(_ range: AddressRange, _ protection: Protection) -> Int {
        hostCall(__NR_mprotect, range.start, range.count, UInt64(protection.rawValue))
    }

    /// Drops the pages of a piece of the arena, which read as zeros then.
    static func drop(_ range: AddressRange) -> Int {
        hostCall(__NR_madvise, range.start, range.count, UInt64(MADV_DONTNEED))
    }

    /// Gives an area's addresses back to the arena: its pages are dropped and nobody may touch it. Where that fails,
    /// which only the host's limit on mappings makes it do, the area is as it was.
    ///
    /// Returns 1 where the host has a fresh mapping there.
    static func giveBack(_ area: VirtualMemoryArea) -> Int {
        if area.leavesArena { return min(restoreArena(area.range), 1) }
        let closed = protect(area.range, [])
        if closed < 0 {
            // The host may have come as far as the last of its mappings in the range.
            _ = protect(area.range, area.protection)
            return closed
        }
        if drop(area.range) >= 0 { return 0 }
        // Locked pages refuse MADV_DONTNEED; a fresh mapping drops them all the same.
        let restored = restoreArena(area.range)
        if restored < 0 { _ = protect(area.range, area.protection) }
        return min(restored, 1)
    }

    /// Puts a fresh piece of arena where a file, a shared mapping or moved pages lay. It merges with the arena around
    /// it, but it is a new mapping: a page tracker's registration has to be renewed for the range.
    static func restoreArena(_ range: AddressRange) -> Int {
        mapAnonymous(range, [])
    }

    /// The same with the pages open at once, for what replaces such a mapping.
    static func mapAnonymous(_ range: AddressRange, _ protection: Protection) -> Int {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
        return map(range, protection: protection.rawValue, flags: flags, fd: -1, offset: 0)
    }

    static func mapFile(
        _ range: AddressRange, _ protection: Protection, fd: Int32, offset: UInt64, isShared: Bool
    ) -> Int {
        let flags = (isShared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED | MAP_NORESERVE
        return map(range, protection: protection.rawValue, flags: flags, fd: fd, offset: offset)
    }

    static func mapSharedAnonymous(_ range: AddressRange, _ protection: Protection) -> Int {
        let flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE
        return map(range, protection: protection.rawValue, flags: flags, fd: -1, offset: 0)
    }

    /// Fills `range` from the file; returns the bytes read or a negative errno.
    static func fill(_ range: AddressRange, fd: Int32, offset: UInt64) -> Int {
        var done: UInt64 = 0
        while done < range.count {
            let count = hostCall(
                __NR_pread64, UInt64(signed: fd), range.start + done, range.count - done, offset + done)
            if count == -Int(EINTR) { continue }
            if count < 0 { return count }
            if count == 0 { break }
            done += UInt64(count)
        }
        return Int(done)
    }

    /// Keeps the whole process to pages of 4096 bytes from now on.
    static func disableHugePages() {
        let setHugePagesDisabled: UInt64 = 41  // PR_SET_THP_DISABLE, uapi/linux/prctl.h
        hostCall(__NR_prctl, setHugePagesDisabled, 1)
    }

    /// Keeps the kernel from merging pages of the same content (PR_SET_MEMORY_MERGE may be inherited): a page that it
    /// has merged looks as if it had been written.
    static func disableMerging() {
        let setMemoryMerge: UInt64 = 67  // uapi/linux/prctl.h, Linux 6.4
        hostCall(__NR_prctl, setMemoryMerge, 0)
    }

    /// Memory of the supervisor's that a forked process has no use for: otherwise each page of it would have to be
    /// copied when it is next written to, for as long as that process lives.
    static func keepFromChildren(_ start: UnsafeMutableRawPointer, _ byteCount: Int) {
        hostCall(__NR_madvise, UInt64(address: start), UInt64(byteCount), UInt64(MADV_DONTFORK))
    }

    /// Maps a private copy of a file, or fresh shared memory where there is none, readable and writable outside the
    /// arena: the address or a negative errno.
    static func mapAside(_ byteCount: UInt64, fd: Int32, offset: UInt64) -> Int {
        let flags = (fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_PRIVATE) | MAP_NORESERVE
        return hostCall(
            __NR_mmap, 0, byteCount, UInt64(PROT_READ | PROT_WRITE), UInt64(flags), UInt64(signed: fd), offset)
    }

    /// Zeroes open pages, by the copy routine itself: where that fails, GuestAccess would ask the address space.
    static func zero(_ range: AddressRange) -> Int {
        let left = guest_fill(UnsafeMutableRawPointer(bitPattern: UInt(range.start)), 0, Int(range.count))
        return left == 0 ? 0 : -Int(EFAULT)
    }

    /// Moves a mapping to `destination`, in place of whatever is there, with as many bytes as that has. The source is
    /// a hole in the arena then, or, where it is kept, mapped and empty (Linux 5.7, private anonymous memory only).
    static func move(_ source: AddressRange, to destination: AddressRange, keepsSource: Bool) -> Int {
        let flags = mremapMayMove | mremapFixed | (keepsSource ? mremapDontUnmap : 0)
        return hostCall(__NR_mremap, source.start, source.count, destination.count, flags, destination.start)
    }

    private static func map(
        _ range: AddressRange, protection: Int32, flags: Int32, fd: Int32, offset: UInt64
    ) -> Int {
        hostCall(
            __NR_mmap, range.start, range.count, UInt64(UInt32(bitPattern: protection)),
            UInt64(UInt32(bitPattern: flags)), UInt64(signed: fd), offset)
    }

    // uapi/asm-generic/mman-common.h and uapi/linux/mman.h; Glibc does not show these to Swift.
    private static let mapFixedNoReplace: Int32 = 0x10_0000
    private static let mremapMayMove: UInt64 = 1
    private static let mremapFixed: UInt64 = 2
    private static let mremapDontUnmap: UInt64 = 4
}
