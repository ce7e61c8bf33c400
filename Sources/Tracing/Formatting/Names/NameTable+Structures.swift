/// Names in structures.
extension NameTable {
    static let signalActionFlags = NameTable(
        unknown: "SA_???", isWide: true,
        bits: [
            (0x400_0000, "SA_RESTORER"), (0x800_0000, "SA_ONSTACK"), (0x1000_0000, "SA_RESTART"),
            (0x2000_0000, "SA_INTERRUPT"), (0x4000_0000, "SA_NODEFER"), (0x8000_0000, "SA_RESETHAND"),
            (4, "SA_SIGINFO"), (1, "SA_NOCLDSTOP"), (2, "SA_NOCLDWAIT"),
        ])

    static let signalStackFlags = NameTable(
        unknown: "SS_???", bits: [(1, "SS_ONSTACK"), (2, "SS_DISABLE"), (0x8000_0000, "SS_AUTODISARM")])

    static let eventNotifications = NameTable(
        unknown: "SIGEV_???",
        choices: [(0, "SIGEV_SIGNAL"), (1, "SIGEV_NONE"), (2, "SIGEV_THREAD"), (4, "SIGEV_THREAD_ID")])

    /// Codes of signals that anybody may send.
    static let senderCodes = NameTable(
        unknown: "SI_???",
        choices: [
            (0, "SI_USER"), (0x80, "SI_KERNEL"), (0xFFFF_FFFF, "SI_QUEUE"), (0xFFFF_FFFE, "SI_TIMER"),
            (0xFFFF_FFFD, "SI_MESGQ"), (0xFFFF_FFFC, "SI_ASYNCIO"), (0xFFFF_FFFB, "SI_SIGIO"),
            (0xFFFF_FFFA, "SI_TKILL"), (0xFFFF_FFF9, "SI_DETHREAD"), (0xFFFF_FFC4, "SI_ASYNCNL"),
        ])

    /// Codes of signals that have their own.
    static let signalCodes: [Int32: NameTable] = [
        4: NameTable(
            unknown: "ILL_???",
            choices: [
                (1, "ILL_ILLOPC"), (2, "ILL_ILLOPN"), (3, "ILL_ILLADR"), (4, "ILL_ILLTRP"), (5, "ILL_PRVOPC"),
                (6, "ILL_PRVREG"), (7, "ILL_COPROC"), (8, "ILL_BADSTK"),
            ]),
        5: NameTable(
            unknown: "TRAP_???",
            choices: [(1, "TRAP_BRKPT"), (2, "TRAP_TRACE"), (3, "TRAP_BRANCH"), (4, "TRAP_HWBKPT")]),
        7: NameTable(unknown: "BUS_???", choices: [(1, "BUS_ADRALN"), (2, "BUS_ADRERR"), (3, "BUS_OBJERR")]),
        8: NameTable(
            unknown: "FPE_???",
            choices: [
                (1, "FPE_INTDIV"), (2, "FPE_INTOVF"), (3, "FPE_FLTDIV"), (4, "FPE_FLTOVF"), (5, "FPE_FLTUND"),
                (6, "FPE_FLTRES"), (7, "FPE_FLTINV"), (8, "FPE_FLTSUB"),
            ]),
        11: NameTable(
            unknown: "SEGV_???",
            choices: [(1, "SEGV_MAPERR"), (2, "SEGV_ACCERR"), (3, "SEGV_BNDERR"), (4, "SEGV_PKUERR")]),
        17: NameTable(
            unknown: "CLD_???",
            choices: [
                (1, "CLD_EXITED"), (2, "CLD_KILLED"), (3, "CLD_DUMPED"), (4, "CLD_TRAPPED"), (5, "CLD_STOPPED"),
                (6, "CLD_CONTINUED"),
            ]),
        29: NameTable(
            unknown: "POLL_???",
            choices: [
                (1, "POLL_IN"), (2, "POLL_OUT"), (3, "POLL_MSG"), (4, "POLL_ERR"), (5, "POLL_PRI"), (6, "POLL_HUP"),
            ]),
        31: NameTable(unknown: "SYS_???", choices: [(1, "SYS_SECCOMP"), (2, "SYS_USER_DISPATCH")]),
    ]

    static let ownerTypes = NameTable(
        unknown: "F_OWNER_???", choices: [(0, "F_OWNER_TID"), (1, "F_OWNER_PID"), (2, "F_OWNER_PGRP")])

    static let directoryEntryTypes = NameTable(
        unknown: "DT_???",
        choices: [
            (0, "DT_UNKNOWN"), (1, "DT_FIFO"), (2, "DT_CHR"), (4, "DT_DIR"), (6, "DT_BLK"), (8, "DT_REG"),
            (10, "DT_LNK"), (12, "DT_SOCK"), (14, "DT_WHT"),
        ])

    static let resolveFlags = NameTable(
        unknown: "RESOLVE_???",
        bits: [
            (1, "RESOLVE_NO_XDEV"), (2, "RESOLVE_NO_MAGICLINKS"), (4, "RESOLVE_NO_SYMLINKS"),
            (8, "RESOLVE_BENEATH"), (16, "RESOLVE_IN_ROOT"), (32, "RESOLVE_CACHED"),
        ])

    static let statxAttributes = NameTable(
        unknown: "STATX_ATTR_???",
        bits: [
            (0x4, "STATX_ATTR_COMPRESSED"), (0x10, "STATX_ATTR_IMMUTABLE"), (0x20, "STATX_ATTR_APPEND"),
            (0x40, "STATX_ATTR_NODUMP"), (0x800, "STATX_ATTR_ENCRYPTED"), (0x1000, "STATX_ATTR_AUTOMOUNT"),
            (0x2000, "STATX_ATTR_MOUNT_ROOT"), (0x10_0000, "STATX_ATTR_VERITY"), (0x20_0000, "STATX_ATTR_DAX"),
        ])

    static let fileSystems = NameTable(
        unknown: "???",
        choices: [
            (0xEF53, "EXT2_SUPER_MAGIC"), (0x102_1994, "TMPFS_MAGIC"), (0x9FA0, "PROC_SUPER_MAGIC"),
            (0x6265_6572, "SYSFS_MAGIC"), (0x1CD1, "DEVPTS_SUPER_MAGIC"), (0x794C_7630, "OVERLAYFS_SUPER_MAGIC"),
            (0x5846_5342, "XFS_SUPER_MAGIC"), (0x9123_683E, "BTRFS_SUPER_MAGIC"), (0x6969, "NFS_SUPER_MAGIC"),
            (0x27_E0EB, "CGROUP_SUPER_MAGIC"), (0x6367_7270, "CGROUP2_SUPER_MAGIC"),
            (0x6462_6720, "DEBUGFS_MAGIC"), (0x7472_6163, "TRACEFS_MAGIC"), (0x6573_5546, "FUSE_SUPER_MAGIC"),
            (0x5049_5045, "PIPEFS_MAGIC"), (0x534F_434B, "SOCKFS_MAGIC"), (0x8584_58F6, "RAMFS_MAGIC"),
            (0x4D44, "MSDOS_SUPER_MAGIC"), (0x7371_7368, "SQUASHFS_MAGIC"), (0x9584_58F6, "HUGETLBFS_MAGIC"),
            (0x1980_0202, "MQUEUE_MAGIC"), (0xCAFE_4A11, "BPF_FS_MAGIC"), (0x6E73_6673, "NSFS_MAGIC"),
        ])

    static let fileSystemFlags = NameTable(
        unknown: "ST_???", isWide: true,
        bits: [
            (0x20, "ST_VALID"), (1, "ST_RDONLY"), (2, "ST_NOSUID"), (4, "ST_NODEV"), (8, "ST_NOEXEC"),
            (0x10, "ST_SYNCHRONOUS"), (0x40, "ST_MANDLOCK"), (0x80, "ST_WRITE"), (0x100, "ST_APPEND"),
            (0x200, "ST_IMMUTABLE"), (0x400, "ST_NOATIME"), (0x800, "ST_NODIRATIME"), (0x1000, "ST_RELATIME"),
            (0x2000, "ST_NOSYMFOLLOW"),
        ])

    static let capabilityVersions = NameTable(
        unknown: "_LINUX_CAPABILITY_VERSION_???",
        choices: [
            (0x1998_0330, "_LINUX_CAPABILITY_VERSION_1"), (0x2007_1026, "_LINUX_CAPABILITY_VERSION_2"),
            (0x2008_0522, "_LINUX_CAPABILITY_VERSION_3"),
        ])

    static let clockStatus = NameTable(
        unknown: "STA_???",
        bits: [
            (1, "STA_PLL"), (2, "STA_PPSFREQ"), (4, "STA_PPSTIME"), (8, "STA_FLL"), (0x10, "STA_INS"),
            (0x20, "STA_DEL"), (0x40, "STA_UNSYNC"), (0x80, "STA_FREQHOLD"), (0x100, "STA_PPSSIGNAL"),
            (0x200, "STA_PPSJITTER"), (0x400, "STA_PPSWANDER"), (0x800, "STA_PPSERROR"), (0x1000, "STA_CLOCKERR"),
            (0x2000, "STA_NANO"), (0x4000, "STA_MODE"), (0x8000, "STA_CLK"),
        ])

    static let clockStates = NameTable(
        unknown: "TIME_???",
        choices: [
            (0, "TIME_OK"), (1, "TIME_INS"), (2, "TIME_DEL"), (3, "TIME_OOP"), (4, "TIME_WAIT"), (5, "TIME_ERROR"),
        ])

    static let controlTypes = NameTable(
        unknown: "SCM_???",
        choices: [
            (1, "SCM_RIGHTS"), (2, "SCM_CREDENTIALS"), (3, "SCM_SECURITY"), (29, "SO_TIMESTAMP_OLD"),
            (35, "SO_TIMESTAMPNS_OLD"), (37, "SO_TIMESTAMPING_OLD"),
        ])

    static let futexArithmetic = NameTable(
        unknown: "FUTEX_OP_???",
        choices: [
            (0, "FUTEX_OP_SET"), (1, "FUTEX_OP_ADD"), (2, "FUTEX_OP_OR"), (3, "FUTEX_OP_ANDN"), (4, "FUTEX_OP_XOR"),
        ])

    static let futexComparisons = NameTable(
        unknown: "FUTEX_OP_CMP_???",
        choices: [
            (0, "FUTEX_OP_CMP_EQ"), (1, "FUTEX_OP_CMP_NE"), (2, "FUTEX_OP_CMP_LT"), (3, "FUTEX_OP_CMP_LE"),
            (4, "FUTEX_OP_CMP_GT"), (5, "FUTEX_OP_CMP_GE"),
        ])
}
