import CGuestEntry

extension SyscallTable {
    /// Calls on an open file.
    static let files: [Syscall] = [
        Syscall(
            2, "open", .path, .named(.openFlags), .selected(.openMode), returns: .descriptor, callClass: .mayWait,
            handler: OpenCalls.open),
        Syscall(85, "creat", .path, .mode, returns: .descriptor, handler: OpenCalls.creat),
        Syscall(
            437, "openat2", .directory, .path, .input(.openHow, .count(3)), .size, returns: .descriptor,
            callClass: .mayWait, support: .partial,
            note: "resolution flags are not applied below /proc/self", handler: OpenCalls.openat2),
        Syscall(
            257, "openat", .directory, .path, .named(.openFlags), .selected(.openMode4), returns: .descriptor,
            callClass: .mayWait, handler: OpenCalls.openat),
        Syscall(5, "fstat", .descriptor, .output(.status), callClass: .passedOn),
        Syscall(8, "lseek", .descriptor, .long, .named(.whence), handler: DirectoryCalls.lseek),
        Syscall(74, "fsync", .descriptor, callClass: .mayWait, handler: SyncCalls.onFile(__NR_fsync)),
        Syscall(75, "fdatasync", .descriptor, callClass: .mayWait, handler: SyncCalls.onFile(__NR_fdatasync)),
        Syscall(77, "ftruncate", .descriptor, .size, callClass: .passedOn),
        Syscall(81, "fchdir", .descriptor, handler: DirectoryCalls.fchdir),
        Syscall(91, "fchmod", .descriptor, .mode, callClass: .passedOn),
        Syscall(93, "fchown", .descriptor, .identity, .identity, callClass: .passedOn),
        Syscall(138, "fstatfs", .descriptor, .output(.fileSystemStatus), callClass: .passedOn),
        Syscall(162, "sync", callClass: .mayWait, handler: SyncCalls.sync),
        Syscall(
            190, "fsetxattr", .descriptor, .string, .input(.bytes, .count(3)), .size, .named(.extendedAttributeFlags),
            callClass: .passedOn),
        Syscall(193, "fgetxattr", .descriptor, .string, .output(.bytes, .result), .size, callClass: .passedOn),
        Syscall(196, "flistxattr", .descriptor, .output(.bytes, .result), .size, callClass: .passedOn),
        Syscall(199, "fremovexattr", .descriptor, .string, callClass: .passedOn),
        Syscall(
            78, "getdents", .descriptor, .output(.oldDirectoryEntries, .result), .size, handler: DirectoryCalls.getdents
        ),
        Syscall(
            217, "getdents64", .descriptor, .output(.directoryEntries, .result), .size,
            handler: DirectoryCalls.getdents64),
        Syscall(221, "fadvise64", .descriptor, .long, .size, .named(.fileAdvice), callClass: .passedOn),
        Syscall(187, "readahead", .descriptor, .long, .size, callClass: .passedOn),
        Syscall(
            277, "sync_file_range", .descriptor, .long, .long, .named(.syncRangeFlags), callClass: .mayWait,
            handler: SyncCalls.onFile(__NR_sync_file_range)),
        Syscall(285, "fallocate", .descriptor, .named(.allocationFlags), .long, .long, callClass: .passedOn),
        Syscall(306, "syncfs", .descriptor, callClass: .mayWait, handler: SyncCalls.onFile(__NR_syncfs)),
        Syscall(451, "cachestat", .descriptor, .input(.cacheRange), .output(.cacheStatus), .bits, callClass: .passedOn),
    ]

    /// Moving bytes between memory and files.
    static let transfers: [Syscall] = [
        Syscall(
            0, "read", .descriptor, .output(.bytes, .result), .size, callClass: .mayWait, handler: TransferCalls.read),
        Syscall(
            1, "write", .descriptor, .input(.bytes, .count(2)), .size, callClass: .mayWait, handler: TransferCalls.write
        ),
        Syscall(17, "pread64", .descriptor, .output(.bytes, .result), .size, .long, handler: TransferCalls.pread),
        Syscall(18, "pwrite64", .descriptor, .input(.bytes, .count(2)), .size, .long, handler: TransferCalls.pwrite),
        Syscall(
            19, "readv", .descriptor, .output(.ioVector, .count(2)), .size, callClass: .mayWait,
            handler: TransferCalls.readv),
        Syscall(
            20, "writev", .descriptor, .input(.ioVector, .count(2)), .size, callClass: .mayWait,
            handler: TransferCalls.writev),
        Syscall(
            295, "preadv", .descriptor, .output(.ioVector, .count(2)), .size, .long, .absent,
            handler: TransferCalls.positionedVector(__NR_preadv)),
        Syscall(
            296, "pwritev", .descriptor, .input(.ioVector, .count(2)), .size, .long, .absent,
            handler: TransferCalls.positionedVector(__NR_pwritev)),
        Syscall(
            327, "preadv2", .descriptor, .output(.ioVector, .count(2)), .size, .long, .absent, .named(.transferFlags),
            handler: TransferCalls.positionedVector(__NR_preadv2)),
        Syscall(
            328, "pwritev2", .descriptor, .input(.ioVector, .count(2)), .size, .long, .absent, .named(.transferFlags),
            handler: TransferCalls.positionedVector(__NR_pwritev2)),
    ]

    /// Calls on descriptors.
    static let descriptors: [Syscall] = [
        Syscall(3, "close", .descriptor, handler: DescriptorCalls.close),
        Syscall(
            16, "ioctl", .descriptor, .named(.deviceControl), .selected(.deviceControl), support: .partial,
            note: "a list of known commands; others are ENOTTY", handler: DescriptorCalls.ioctl),
        Syscall(32, "dup", .descriptor, returns: .descriptor, handler: DescriptorCalls.dup),
        Syscall(33, "dup2", .descriptor, .descriptor, returns: .descriptor, handler: DescriptorCalls.dup2),
        Syscall(
            72, "fcntl", .descriptor, .named(.fileControl), .selected(.fileControl), callClass: .mayWait,
            support: .partial,
            note: "no leases", handler: DescriptorCalls.fcntl),
        Syscall(73, "flock", .descriptor, .named(.lockOperation), callClass: .mayWait, handler: DescriptorCalls.flock),
        Syscall(
            292, "dup3", .descriptor, .descriptor, .named(.duplicateFlags), returns: .descriptor,
            handler: DescriptorCalls.dup3),
        Syscall(
            436, "close_range", .unsigned, .unsigned, .named(.closeRangeFlags), handler: DescriptorCalls.closeRange),
    ]
}
