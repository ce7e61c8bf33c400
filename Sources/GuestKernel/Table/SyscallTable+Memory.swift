import CGuestEntry

extension SyscallTable {
    static let memory: [Syscall] = [
        Syscall(
            9, "mmap", .pointer, .size, .named(.protection), .named(.mapping), .descriptor, .bits, returns: .address,
            support: .partial,
            note: "no huge pages, no MAP_SYNC", handler: MemoryCalls.mmap),
        Syscall(10, "mprotect", .pointer, .size, .named(.protection), handler: MemoryCalls.mprotect),
        Syscall(11, "munmap", .pointer, .size, handler: MemoryCalls.munmap),
        Syscall(12, "brk", .pointer, returns: .address, handler: MemoryCalls.brk),
        Syscall(
            25, "mremap", .pointer, .size, .size, .named(.remapping), .selected(.remapAddress), returns: .address,
            handler: MemoryCalls.mremap),
        Syscall(
            26, "msync", .pointer, .size, .named(.memorySync), callClass: .passedOn,
            handler: MemoryCalls.onMapped(__NR_msync)),
        Syscall(
            27, "mincore", .pointer, .size, .output(.pageResidency, .pages(1)), callClass: .passedOn,
            handler: MemoryCalls.onMapped(__NR_mincore)),
        Syscall(
            28, "madvise", .pointer, .size, .named(.memoryAdvice), note: "MADV_FREE is done as MADV_DONTNEED",
            handler: MemoryCalls.madvise),
        Syscall(
            29, "shmget", .named(.ipcKey), .size, .named(.ipcFlags), support: .partial,
            note: "inside one guest, and gone with it; not by a key in a child",
            handler: SegmentCalls.get),
        Syscall(
            30, "shmat", .integer, .pointer, .named(.sharedMemoryFlags), returns: .address,
            handler: SegmentCalls.attach),
        Syscall(
            31, "shmctl", .integer, .named(.ipcCommand), .pointer, support: .partial,
            note: "shm_nattch counts this process's alone", handler: SegmentCalls.control),
        Syscall(67, "shmdt", .pointer, handler: SegmentCalls.detach),
        Syscall(149, "mlock", .pointer, .size, callClass: .passedOn, handler: MemoryCalls.onMapped(__NR_mlock)),
        Syscall(150, "munlock", .pointer, .size, callClass: .passedOn, handler: MemoryCalls.onMapped(__NR_munlock)),
        Syscall(
            325, "mlock2", .pointer, .size, .named(.lockFlags), callClass: .passedOn,
            handler: MemoryCalls.onMapped(__NR_mlock2)),
        Syscall(
            151, "mlockall", .named(.lockAll), support: .partial, note: "accepted without effect",
            handler: { _, _ in 0 }),
        Syscall(152, "munlockall", support: .partial, note: "accepted without effect", handler: { _, _ in 0 }),
    ]
}
