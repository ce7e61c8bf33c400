/// Where the guest's things lie. The same on every machine, so that a mirror has the same addresses free.
public enum GuestLayout {
    /// The lowest address a guest may map: the kernel's default vm.mmap_min_addr.
    public static let lowestAddress: UInt64 = 0x1_0000

    /// The arena's end, 32 TiB: below every address where the kernel puts a PIE executable, its
    /// heap or its libraries, and a multiple of 4 GiB, as the seccomp filter compares upper halves.
    public static let arenaEnd: UInt64 = 0x2000_0000_0000

    /// The stack's upper end. The last 64 KiB of the arena are never mapped: a `syscall` in the
    /// last two bytes of the dispatch range would escape.
    public static let stackTop: UInt64 = arenaEnd - 0x1_0000

    /// Where a position-independent executable goes; brk follows it. Above AddressSanitizer's shadow, which ends at
    /// 0x1000_7fff_8000 for every program on x86-64 (compiler-rt's asan_mapping.h). GCC's runtime wants its heap at
    /// 0x6000_0000_0000 as well, which is beyond the arena, so that its programs end with ENOMEM there.
    public static let executableBase: UInt64 = 0x1100_0000_0000

    /// MAP_32BIT takes addresses below 2 GiB (arch/x86/kernel/sys_x86_64.c: from 1 GiB).
    public static let low32BitRange = AddressRange(start: 0x4000_0000, end: 0x8000_0000)

    public static let arena = AddressRange(start: lowestAddress, end: arenaEnd)

    /// What may be mapped: the arena without its last, never mapped pages.
    public static let mappable = AddressRange(start: lowestAddress, end: stackTop)
}
