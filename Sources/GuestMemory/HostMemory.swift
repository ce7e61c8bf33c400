import CGuestEntry
import Glibc

/// What is done to the arena's host pages. The arena stays one mapping for ever: a piece of it is
/// opened by mprotect and closed by MADV_DONTNEED + PROT_NONE, so that it never has a hole that a
/// host allocation could fall into, and its registration with a page tracker holds.
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

    /// Gives an anonymous piece of the arena back: its pages are dropped and nobody may touch it.
    static func close(_ range: AddressRange) {
        let dropped = hostCall(__NR_madvise, range.start, range.count, UInt64(MADV_DONTNEED))
        let closed = protect(range, [])
        // Locked pages refuse MADV_DONTNEED; a fresh mapping drops them all the same.
        if dropped < 0 || closed < 0 { restoreArena(range) }
    }

    /// Puts arena pages back where a file or a shared mapping lay.
    static func restoreArena(_ range: AddressRange) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
        let result = map(range, protection: PROT_NONE, flags: flags, fd: -1, offset: 0)
        precondition(result >= 0, "the arena could not be restored over a guest mapping: errno \(-result)")
    }

    static func mapFile(
        _ range: AddressRange, _ protection: Protection, fd: Int32, offset: UInt64, isShared: Bool
    ) -> Int {
        let flags = (isShared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED | MAP_NORESERVE
        return map(range, protection: Int32(protection.rawValue), flags: flags, fd: fd, offset: offset)
    }

    static func mapSharedAnonymous(_ range: AddressRange, _ protection: Protection) -> Int {
        let flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE
        return map(range, protection: Int32(protection.rawValue), flags: flags, fd: -1, offset: 0)
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

    /// Moves the pages of a private anonymous range, leaving the old place mapped and empty.
    static func move(_ source: AddressRange, to destination: UInt64) -> Int {
        let flags = mremapMayMove | mremapFixed | mremapDontUnmap
        return hostCall(__NR_mremap, source.start, source.count, source.count, flags, destination)
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
