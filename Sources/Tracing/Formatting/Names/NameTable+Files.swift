import SyscallShapes

/// Calls on files and descriptors.
extension NameTable {
    static let openFlags = NameTable(
        unknown: "O_???", choiceMask: 3,
        choices: [
            (0, "O_RDONLY"), (1, "O_WRONLY"), (2, "O_RDWR"), (3, "O_ACCMODE"),
        ],
        bits: [
            (0x40, "O_CREAT"), (0x80, "O_EXCL"), (0x100, "O_NOCTTY"), (0x200, "O_TRUNC"), (0x400, "O_APPEND"),
            (0x800, "O_NONBLOCK"), (0x10_1000, "O_SYNC"), (0x4000, "O_DIRECT"), (0x8000, "O_LARGEFILE"),
            (0x2_0000, "O_NOFOLLOW"), (0x4_0000, "O_NOATIME"), (0x8_0000, "O_CLOEXEC"), (0x20_0000, "O_PATH"),
            (0x41_0000, "O_TMPFILE"), (0x2000, "FASYNC"), (0x1000, "O_DSYNC"), (0x1_0000, "O_DIRECTORY"),
            (0x10_0000, "__O_SYNC"), (0x40_0000, "__O_TMPFILE"),
        ])

    static let duplicateFlags = NameTable(unknown: "O_???", bits: openFlags.bits)

    static let pipeFlags = NameTable(unknown: "O_???", bits: openFlags.bits)

    static let descriptorFlags = NameTable(
        unknown: "FD_???",
        bits: [
            (1, "FD_CLOEXEC")
        ])

    static let accessMode = NameTable(
        unknown: "?_OK", zero: "F_OK",
        bits: [
            (4, "R_OK"), (2, "W_OK"), (1, "X_OK"),
        ])

    static let accessFlags = NameTable(
        unknown: "AT_???",
        bits: [
            (0x100, "AT_SYMLINK_NOFOLLOW"), (0x200, "AT_EACCESS"), (0x1000, "AT_EMPTY_PATH"),
        ])

    static let placeFlags = NameTable(
        unknown: "AT_???",
        bits: [
            (0x100, "AT_SYMLINK_NOFOLLOW"), (0x200, "AT_REMOVEDIR"), (0x400, "AT_SYMLINK_FOLLOW"),
            (0x800, "AT_NO_AUTOMOUNT"), (0x1000, "AT_EMPTY_PATH"), (0x8000, "AT_RECURSIVE"),
        ])

    static let unlinkFlags = placeFlags

    static let statxFlags = NameTable(
        unknown: "AT_???", choiceMask: 0x6000,
        choices: [
            (0, "AT_STATX_SYNC_AS_STAT"), (0x2000, "AT_STATX_FORCE_SYNC"), (0x4000, "AT_STATX_DONT_SYNC"),
            (0x6000, "AT_STATX_FORCE_SYNC|AT_STATX_DONT_SYNC"),
        ],
        bits: [
            (0x100, "AT_SYMLINK_NOFOLLOW"), (0x200, "AT_REMOVEDIR"), (0x400, "AT_SYMLINK_FOLLOW"),
            (0x800, "AT_NO_AUTOMOUNT"), (0x1000, "AT_EMPTY_PATH"), (0x8000, "AT_RECURSIVE"),
        ])

    static let statxMask = NameTable(
        unknown: "STATX_???",
        bits: [
            (0xfff, "STATX_ALL"), (0x7ff, "STATX_BASIC_STATS"),
            (1, "STATX_TYPE"), (2, "STATX_MODE"), (4, "STATX_NLINK"), (8, "STATX_UID"), (0x10, "STATX_GID"),
            (0x20, "STATX_ATIME"), (0x40, "STATX_MTIME"), (0x80, "STATX_CTIME"), (0x100, "STATX_INO"),
            (0x200, "STATX_SIZE"), (0x400, "STATX_BLOCKS"), (0x800, "STATX_BTIME"),
            (0x1000, "STATX_MNT_ID"), (0x2000, "STATX_DIOALIGN"),
        ])

    static let renameFlags = NameTable(
        unknown: "RENAME_??",
        bits: [
            (1, "RENAME_NOREPLACE"), (2, "RENAME_EXCHANGE"), (4, "RENAME_WHITEOUT"),
        ])

    static let extendedAttributeFlags = NameTable(
        unknown: "XATTR_???",
        bits: [
            (1, "XATTR_CREATE"), (2, "XATTR_REPLACE"),
        ])

    static let whence = NameTable(
        unknown: "SEEK_???",
        choices: [
            (0, "SEEK_SET"), (1, "SEEK_CUR"), (2, "SEEK_END"), (3, "SEEK_DATA"), (4, "SEEK_HOLE"),
        ])

    static let fileAdvice = NameTable(
        unknown: "POSIX_FADV_???",
        choices: [
            (0, "POSIX_FADV_NORMAL"), (1, "POSIX_FADV_RANDOM"), (2, "POSIX_FADV_SEQUENTIAL"),
            (3, "POSIX_FADV_WILLNEED"), (4, "POSIX_FADV_DONTNEED"), (5, "POSIX_FADV_NOREUSE"),
        ])

    static let allocationFlags = NameTable(
        unknown: "FALLOC_FL_???",
        bits: [
            (1, "FALLOC_FL_KEEP_SIZE"), (2, "FALLOC_FL_PUNCH_HOLE"), (4, "FALLOC_FL_NO_HIDE_STALE"),
            (8, "FALLOC_FL_COLLAPSE_RANGE"), (0x10, "FALLOC_FL_ZERO_RANGE"), (0x20, "FALLOC_FL_INSERT_RANGE"),
            (0x40, "FALLOC_FL_UNSHARE_RANGE"),
        ])

    static let syncRangeFlags = NameTable(
        unknown: "SYNC_FILE_RANGE_???",
        bits: [
            (1, "SYNC_FILE_RANGE_WAIT_BEFORE"), (2, "SYNC_FILE_RANGE_WRITE"), (4, "SYNC_FILE_RANGE_WAIT_AFTER"),
        ])

    static let transferFlags = NameTable(
        unknown: "RWF_???",
        bits: [
            (1, "RWF_HIPRI"), (2, "RWF_DSYNC"), (4, "RWF_SYNC"), (8, "RWF_NOWAIT"), (0x10, "RWF_APPEND"),
        ])

    static let spliceFlags = NameTable(
        unknown: "SPLICE_F_???",
        bits: [
            (1, "SPLICE_F_MOVE"), (2, "SPLICE_F_NONBLOCK"), (4, "SPLICE_F_MORE"), (8, "SPLICE_F_GIFT"),
        ])

    static let lockOperation = NameTable(
        unknown: "LOCK_???",
        bits: [
            (1, "LOCK_SH"), (2, "LOCK_EX"), (4, "LOCK_NB"), (8, "LOCK_UN"), (0x20, "LOCK_MAND"), (0xc0, "LOCK_RW"),
            (0x40, "LOCK_READ"), (0x80, "LOCK_WRITE"),
        ])

    static let lockType = NameTable(
        unknown: "F_???",
        choices: [
            (0, "F_RDLCK"), (1, "F_WRLCK"), (2, "F_UNLCK"), (4, "F_EXLCK"),
        ])

    static let closeRangeFlags = NameTable(
        unknown: "CLOSE_RANGE_???",
        bits: [
            (2, "CLOSE_RANGE_UNSHARE"), (4, "CLOSE_RANGE_CLOEXEC"),
        ])

    static let flushQueue = NameTable(
        unknown: "TC???",
        choices: [
            (0, "TCIFLUSH"), (1, "TCOFLUSH"), (2, "TCIOFLUSH"),
        ])

    static let seals = NameTable(
        unknown: "F_SEAL_???",
        bits: [
            (1, "F_SEAL_SEAL"), (2, "F_SEAL_SHRINK"), (4, "F_SEAL_GROW"), (8, "F_SEAL_WRITE"),
            (0x10, "F_SEAL_FUTURE_WRITE"),
        ])

    static let memoryFileFlags = NameTable(
        unknown: "MFD_???",
        bits: [
            (1, "MFD_CLOEXEC"), (2, "MFD_ALLOW_SEALING"), (4, "MFD_HUGETLB"),
        ])

    static let mountFlags = NameTable(
        unknown: "MS_???", isWide: true,
        bits: [
            (1, "MS_RDONLY"), (2, "MS_NOSUID"), (4, "MS_NODEV"), (8, "MS_NOEXEC"), (0x10, "MS_SYNCHRONOUS"),
            (0x20, "MS_REMOUNT"), (0x40, "MS_MANDLOCK"), (0x80, "MS_DIRSYNC"), (0x100, "MS_NOSYMFOLLOW"),
            (0x400, "MS_NOATIME"), (0x800, "MS_NODIRATIME"), (0x1000, "MS_BIND"), (0x2000, "MS_MOVE"),
            (0x4000, "MS_REC"), (0x8000, "MS_SILENT"), (0x1_0000, "MS_POSIXACL"), (0x2_0000, "MS_UNBINDABLE"),
            (0x4_0000, "MS_PRIVATE"), (0x8_0000, "MS_SLAVE"), (0x10_0000, "MS_SHARED"), (0x20_0000, "MS_RELATIME"),
            (0x40_0000, "MS_KERNMOUNT"), (0x80_0000, "MS_I_VERSION"), (0x100_0000, "MS_STRICTATIME"),
            (0x200_0000, "MS_LAZYTIME"), (0x400_0000, "MS_SUBMOUNT"), (0x800_0000, "MS_NOREMOTELOCK"),
            (0x1000_0000, "MS_NOSEC"), (0x2000_0000, "MS_BORN"), (0x4000_0000, "MS_ACTIVE"),
            (0x8000_0000, "MS_NOUSER"),
        ])

    static let unmountFlags = NameTable(
        unknown: "MNT_???",
        bits: [
            (1, "MNT_FORCE"), (2, "MNT_DETACH"), (4, "MNT_EXPIRE"), (8, "UMOUNT_NOFOLLOW"),
        ])

    static let byFilesFamily: [NameFamily: NameTable] = [
        .openFlags: openFlags, .duplicateFlags: duplicateFlags, .pipeFlags: pipeFlags,
        .descriptorFlags: descriptorFlags, .accessMode: accessMode, .accessFlags: accessFlags,
        .placeFlags: placeFlags, .unlinkFlags: unlinkFlags, .statxFlags: statxFlags, .statxMask: statxMask,
        .renameFlags: renameFlags, .extendedAttributeFlags: extendedAttributeFlags, .whence: whence,
        .fileAdvice: fileAdvice, .allocationFlags: allocationFlags, .syncRangeFlags: syncRangeFlags,
        .transferFlags: transferFlags, .spliceFlags: spliceFlags, .lockOperation: lockOperation, .lockType: lockType,
        .closeRangeFlags: closeRangeFlags, .flushQueue: flushQueue, .seals: seals, .memoryFileFlags: memoryFileFlags,
        .mountFlags: mountFlags, .unmountFlags: unmountFlags,
    ]
}
