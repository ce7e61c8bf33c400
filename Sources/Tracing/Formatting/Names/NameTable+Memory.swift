import SyscallShapes

/// Memory, and System V memory.
extension NameTable {
    static let protection = NameTable(
        unknown: "PROT_???", zero: "PROT_NONE", isWide: true,
        bits: [
            (1, "PROT_READ"), (2, "PROT_WRITE"), (4, "PROT_EXEC"), (8, "PROT_SEM"), (0x100_0000, "PROT_GROWSDOWN"),
            (0x200_0000, "PROT_GROWSUP"),
        ])

    static let mapping = NameTable(
        unknown: "MAP_???", isWide: true, choiceMask: 0xf,
        choices: [
            (0, "MAP_FILE"), (1, "MAP_SHARED"), (2, "MAP_PRIVATE"), (3, "MAP_SHARED_VALIDATE"),
        ],
        bits: [
            (0x10, "MAP_FIXED"), (0x20, "MAP_ANONYMOUS"), (0x40, "MAP_32BIT"), (0x4000, "MAP_NORESERVE"),
            (0x8000, "MAP_POPULATE"), (0x1_0000, "MAP_NONBLOCK"), (0x100, "MAP_GROWSDOWN"), (0x800, "MAP_DENYWRITE"),
            (0x1000, "MAP_EXECUTABLE"), (0x2000, "MAP_LOCKED"), (0x2_0000, "MAP_STACK"), (0x4_0000, "MAP_HUGETLB"),
            (0x8_0000, "MAP_SYNC"), (0x10_0000, "MAP_FIXED_NOREPLACE"),
        ])

    static let remapping = NameTable(
        unknown: "MREMAP_???", isWide: true,
        bits: [
            (1, "MREMAP_MAYMOVE"), (2, "MREMAP_FIXED"), (4, "MREMAP_DONTUNMAP"),
        ])

    static let memorySync = NameTable(
        unknown: "MS_???",
        bits: [
            (4, "MS_SYNC"), (1, "MS_ASYNC"), (2, "MS_INVALIDATE"),
        ])

    static let memoryAdvice = NameTable(
        unknown: "MADV_???",
        choices: [
            (0, "MADV_NORMAL"), (1, "MADV_RANDOM"), (2, "MADV_SEQUENTIAL"), (3, "MADV_WILLNEED"),
            (4, "MADV_DONTNEED"), (8, "MADV_FREE"), (9, "MADV_REMOVE"), (0xa, "MADV_DONTFORK"), (0xb, "MADV_DOFORK"),
            (0xc, "MADV_MERGEABLE"), (0xd, "MADV_UNMERGEABLE"), (0xe, "MADV_HUGEPAGE"), (0xf, "MADV_NOHUGEPAGE"),
            (0x10, "MADV_DONTDUMP"), (0x11, "MADV_DODUMP"), (0x12, "MADV_WIPEONFORK"), (0x13, "MADV_KEEPONFORK"),
            (0x14, "MADV_COLD"), (0x15, "MADV_PAGEOUT"), (0x16, "MADV_POPULATE_READ"), (0x17, "MADV_POPULATE_WRITE"),
            (0x18, "MADV_DONTNEED_LOCKED"), (0x19, "MADV_COLLAPSE"), (0x64, "MADV_HWPOISON"),
            (0x65, "MADV_SOFT_OFFLINE"),
        ])

    static let lockAll = NameTable(
        unknown: "MCL_???",
        bits: [
            (1, "MCL_CURRENT"), (2, "MCL_FUTURE"), (4, "MCL_ONFAULT"),
        ])

    static let lockFlags = NameTable(
        unknown: "MLOCK_???",
        bits: [
            (1, "MLOCK_ONFAULT")
        ])

    static let ipcKey = NameTable(unknown: "", choices: [(0, "IPC_PRIVATE")])

    static let ipcFlags = NameTable(
        unknown: "IPC_???",
        bits: [
            (0x200, "IPC_CREAT"), (0x400, "IPC_EXCL"), (0x800, "IPC_NOWAIT"),
        ])

    static let sharedMemoryFlags = NameTable(
        unknown: "SHM_???",
        bits: [
            (0x1000, "SHM_RDONLY"), (0x2000, "SHM_RND"), (0x4000, "SHM_REMAP"), (0x8000, "SHM_EXEC"),
        ])

    static let ipcCommand = NameTable(
        unknown: "IPC_???",
        choices: [
            (0, "IPC_RMID"), (1, "IPC_SET"), (2, "IPC_STAT"), (3, "IPC_INFO"), (0xb, "SHM_LOCK"), (0xc, "SHM_UNLOCK"),
            (0xd, "SHM_STAT"), (0xe, "SHM_INFO"), (0xf, "SHM_STAT_ANY"),
        ])

    static let byMemoryFamily: [NameFamily: NameTable] = [
        .protection: protection, .mapping: mapping, .remapping: remapping, .memorySync: memorySync,
        .memoryAdvice: memoryAdvice, .lockAll: lockAll, .lockFlags: lockFlags, .ipcKey: ipcKey, .ipcFlags: ipcFlags,
        .sharedMemoryFlags: sharedMemoryFlags, .ipcCommand: ipcCommand,
    ]
}
