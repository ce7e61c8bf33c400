import CGuestEntry

extension SyscallTable {
    /// Calls on an open file.
    static let files: [Syscall] = [
        Syscall(2, "open", .path, .flags, .mode, callClass: .mayWait, handler: OpenCalls.open),
        Syscall(85, "creat", .path, .mode, handler: OpenCalls.creat),
        Syscall(
            437, "openat2", .directory, .path, .pointer, .size, callClass: .mayWait, support: .partial,
            note: "resolution flags are not applied below /proc/self", handler: OpenCalls.openat2),
        Syscall(257, "openat", .directory, .path, .flags, .mode, callClass: .mayWait, handler: OpenCalls.openat),
        Syscall(5, "fstat", .descriptor, .pointer, callClass: .passedOn),
        Syscall(8, "lseek", .descriptor, .number, .number, handler: DirectoryCalls.lseek),
        Syscall(74, "fsync", .descriptor, callClass: .mayWait, handler: SyncCalls.onFile(__NR_fsync)),
        Syscall(75, "fdatasync", .descriptor, callClass: .mayWait, handler: SyncCalls.onFile(__NR_fdatasync)),
        Syscall(77, "ftruncate", .descriptor, .size, callClass: .passedOn),
        Syscall(81, "fchdir", .descriptor, handler: DirectoryCalls.fchdir),
        Syscall(91, "fchmod", .descriptor, .mode, callClass: .passedOn),
        Syscall(93, "fchown", .descriptor, .number, .number, callClass: .passedOn),
        Syscall(138, "fstatfs", .descriptor, .pointer, callClass: .passedOn),
        Syscall(162, "sync", callClass: .mayWait, handler: SyncCalls.sync),
        Syscall(190, "fsetxattr", .descriptor, .string, .pointer, .size, .flags, callClass: .passedOn),
        Syscall(193, "fgetxattr", .descriptor, .string, .pointer, .size, callClass: .passedOn),
        Syscall(196, "flistxattr", .descriptor, .pointer, .size, callClass: .passedOn),
        Syscall(199, "fremovexattr", .descriptor, .string, callClass: .passedOn),
        Syscall(78, "getdents", .descriptor, .pointer, .size, handler: DirectoryCalls.getdents),
        Syscall(217, "getdents64", .descriptor, .pointer, .size, handler: DirectoryCalls.getdents64),
        Syscall(221, "fadvise64", .descriptor, .number, .size, .number, callClass: .passedOn),
        Syscall(187, "readahead", .descriptor, .number, .size, callClass: .passedOn),
        Syscall(
            277, "sync_file_range", .descriptor, .number, .size, .flags, callClass: .mayWait,
            handler: SyncCalls.onFile(__NR_sync_file_range)),
        Syscall(285, "fallocate", .descriptor, .flags, .number, .size, callClass: .passedOn),
        Syscall(306, "syncfs", .descriptor, callClass: .mayWait, handler: SyncCalls.onFile(__NR_syncfs)),
        Syscall(451, "cachestat", .descriptor, .pointer, .pointer, .flags, callClass: .passedOn),
    ]

    /// Moving bytes between memory and files.
    static let transfers: [Syscall] = [
        Syscall(0, "read", .descriptor, .pointer, .size, callClass: .mayWait, handler: TransferCalls.read),
        Syscall(1, "write", .descriptor, .pointer, .size, callClass: .mayWait, handler: TransferCalls.write),
        Syscall(17, "pread64", .descriptor, .pointer, .size, .number, handler: TransferCalls.pread),
        Syscall(18, "pwrite64", .descriptor, .pointer, .size, .number, handler: TransferCalls.pwrite),
        Syscall(19, "readv", .descriptor, .pointer, .size, callClass: .mayWait, handler: TransferCalls.readv),
        Syscall(20, "writev", .descriptor, .pointer, .size, callClass: .mayWait, handler: TransferCalls.writev),
        Syscall(
            295, "preadv", .descriptor, .pointer, .size, .number,
            handler: TransferCalls.positionedVector(__NR_preadv)),
        Syscall(
            296, "pwritev", .descriptor, .pointer, .size, .number,
            handler: TransferCalls.positionedVector(__NR_pwritev)),
        Syscall(
            327, "preadv2", .descriptor, .pointer, .size, .number, .number, .flags,
            handler: TransferCalls.positionedVector(__NR_preadv2)),
        Syscall(
            328, "pwritev2", .descriptor, .pointer, .size, .number, .number, .flags,
            handler: TransferCalls.positionedVector(__NR_pwritev2)),
    ]

    /// Calls on descriptors.
    static let descriptors: [Syscall] = [
        Syscall(3, "close", .descriptor, handler: DescriptorCalls.close),
        Syscall(
            16, "ioctl", .descriptor, .number, .pointer, support: .partial,
            note: "a list of known commands; others are ENOTTY", handler: DescriptorCalls.ioctl),
        Syscall(32, "dup", .descriptor, handler: DescriptorCalls.dup),
        Syscall(33, "dup2", .descriptor, .descriptor, handler: DescriptorCalls.dup2),
        Syscall(
            72, "fcntl", .descriptor, .number, .number, callClass: .mayWait, support: .partial,
            note: "no signal-driven I/O", handler: DescriptorCalls.fcntl),
        Syscall(73, "flock", .descriptor, .number, callClass: .mayWait, handler: DescriptorCalls.flock),
        Syscall(292, "dup3", .descriptor, .descriptor, .flags, handler: DescriptorCalls.dup3),
        Syscall(436, "close_range", .number, .number, .flags, handler: DescriptorCalls.closeRange),
    ]
}
