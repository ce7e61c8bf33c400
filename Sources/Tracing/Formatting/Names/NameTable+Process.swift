import SyscallShapes

/// Processes, threads and time.
extension NameTable {
    static let maskChange = NameTable(
        unknown: "SIG_???",
        choices: [
            (0, "SIG_BLOCK"), (1, "SIG_UNBLOCK"), (2, "SIG_SETMASK"),
        ])

    static let clock = NameTable(
        unknown: "CLOCK_???",
        choices: [
            (0, "CLOCK_REALTIME"), (1, "CLOCK_MONOTONIC"), (2, "CLOCK_PROCESS_CPUTIME_ID"),
            (3, "CLOCK_THREAD_CPUTIME_ID"), (4, "CLOCK_MONOTONIC_RAW"), (5, "CLOCK_REALTIME_COARSE"),
            (6, "CLOCK_MONOTONIC_COARSE"), (7, "CLOCK_BOOTTIME"), (8, "CLOCK_REALTIME_ALARM"),
            (9, "CLOCK_BOOTTIME_ALARM"), (0xa, "CLOCK_SGI_CYCLE"), (0xb, "CLOCK_TAI"),
        ])

    static let intervalTimer = NameTable(
        unknown: "ITIMER_???",
        choices: [
            (0, "ITIMER_REAL"), (1, "ITIMER_VIRTUAL"), (2, "ITIMER_PROF"),
        ])

    static let timerSetting = NameTable(
        unknown: "TIMER_???",
        bits: [
            (1, "TIMER_ABSTIME")
        ])

    static let cloneFlags = NameTable(
        unknown: "CLONE_???", isWide: true,
        bits: [
            (0x80, "CLONE_NEWTIME"), (0x100, "CLONE_VM"), (0x200, "CLONE_FS"), (0x400, "CLONE_FILES"),
            (0x800, "CLONE_SIGHAND"), (0x1000, "CLONE_PIDFD"), (0x2000, "CLONE_PTRACE"), (0x4000, "CLONE_VFORK"),
            (0x8000, "CLONE_PARENT"), (0x1_0000, "CLONE_THREAD"), (0x2_0000, "CLONE_NEWNS"),
            (0x4_0000, "CLONE_SYSVSEM"), (0x8_0000, "CLONE_SETTLS"), (0x10_0000, "CLONE_PARENT_SETTID"),
            (0x20_0000, "CLONE_CHILD_CLEARTID"), (0x40_0000, "CLONE_DETACHED"), (0x80_0000, "CLONE_UNTRACED"),
            (0x100_0000, "CLONE_CHILD_SETTID"), (0x200_0000, "CLONE_NEWCGROUP"), (0x400_0000, "CLONE_NEWUTS"),
            (0x800_0000, "CLONE_NEWIPC"), (0x1000_0000, "CLONE_NEWUSER"), (0x2000_0000, "CLONE_NEWPID"),
            (0x4000_0000, "CLONE_NEWNET"), (0x8000_0000, "CLONE_IO"), (0x1_0000_0000, "CLONE_CLEAR_SIGHAND"),
            (0x2_0000_0000, "CLONE_INTO_CGROUP"),
        ])

    static let futexOperation = NameTable(
        unknown: "FUTEX_???", choiceMask: 0xff,
        choices: [
            (0, "FUTEX_WAIT"), (1, "FUTEX_WAKE"), (2, "FUTEX_FD"), (3, "FUTEX_REQUEUE"), (4, "FUTEX_CMP_REQUEUE"),
            (5, "FUTEX_WAKE_OP"), (6, "FUTEX_LOCK_PI"), (7, "FUTEX_UNLOCK_PI"), (8, "FUTEX_TRYLOCK_PI"),
            (9, "FUTEX_WAIT_BITSET"), (0xa, "FUTEX_WAKE_BITSET"), (0xb, "FUTEX_WAIT_REQUEUE_PI"),
            (0xc, "FUTEX_CMP_REQUEUE_PI"), (0xd, "FUTEX_LOCK_PI2"), (0x80, "FUTEX_WAIT_PRIVATE"),
            (0x81, "FUTEX_WAKE_PRIVATE"), (0x83, "FUTEX_REQUEUE_PRIVATE"), (0x84, "FUTEX_CMP_REQUEUE_PRIVATE"),
            (0x85, "FUTEX_WAKE_OP_PRIVATE"), (0x86, "FUTEX_LOCK_PI_PRIVATE"), (0x87, "FUTEX_UNLOCK_PI_PRIVATE"),
            (0x88, "FUTEX_TRYLOCK_PI_PRIVATE"), (0x89, "FUTEX_WAIT_BITSET_PRIVATE"),
            (0x8a, "FUTEX_WAKE_BITSET_PRIVATE"), (0x8b, "FUTEX_WAIT_REQUEUE_PI_PRIVATE"),
            (0x8c, "FUTEX_CMP_REQUEUE_PI_PRIVATE"), (0x8d, "FUTEX_LOCK_PI2_PRIVATE"),
        ],
        bits: [
            (0x100, "FUTEX_CLOCK_REALTIME")
        ])

    static let futexBits = NameTable(
        unknown: "",
        choices: [
            (0xffff_ffff, "FUTEX_BITSET_MATCH_ANY")
        ])

    static let waitOptions = NameTable(
        unknown: "W???",
        bits: [
            (1, "WNOHANG"), (4, "WEXITED"), (2, "WSTOPPED"), (8, "WCONTINUED"), (0x100_0000, "WNOWAIT"),
            (0x8000_0000, "__WCLONE"), (0x4000_0000, "__WALL"), (0x2000_0000, "__WNOTHREAD"),
        ])

    static let waitTarget = NameTable(
        unknown: "P_???",
        choices: [
            (0, "P_ALL"), (1, "P_PID"), (2, "P_PGID"), (3, "P_PIDFD"),
        ])

    static let resource = NameTable(
        unknown: "RLIMIT_???",
        choices: [
            (0, "RLIMIT_CPU"), (1, "RLIMIT_FSIZE"), (2, "RLIMIT_DATA"), (3, "RLIMIT_STACK"), (4, "RLIMIT_CORE"),
            (5, "RLIMIT_RSS"), (6, "RLIMIT_NPROC"), (7, "RLIMIT_NOFILE"), (8, "RLIMIT_MEMLOCK"), (9, "RLIMIT_AS"),
            (0xa, "RLIMIT_LOCKS"), (0xb, "RLIMIT_SIGPENDING"), (0xc, "RLIMIT_MSGQUEUE"), (0xd, "RLIMIT_NICE"),
            (0xe, "RLIMIT_RTPRIO"), (0xf, "RLIMIT_RTTIME"),
        ])

    static let usageTarget = NameTable(
        unknown: "RUSAGE_???",
        choices: [
            (0, "RUSAGE_SELF"), (1, "RUSAGE_THREAD"), (0xffff_ffff, "RUSAGE_CHILDREN"), (0xffff_fffe, "RUSAGE_BOTH"),
        ])

    static let priorityTarget = NameTable(
        unknown: "PRIO_???",
        choices: [
            (0, "PRIO_PROCESS"), (1, "PRIO_PGRP"), (2, "PRIO_USER"),
        ])

    static let schedulingPolicy = NameTable(
        unknown: "SCHED_???", choiceMask: 0xbfff_ffff,
        choices: [
            (0, "SCHED_OTHER"), (1, "SCHED_FIFO"), (2, "SCHED_RR"), (3, "SCHED_BATCH"), (4, "SCHED_ISO"),
            (5, "SCHED_IDLE"), (6, "SCHED_DEADLINE"),
        ],
        bits: [
            (0x4000_0000, "SCHED_RESET_ON_FORK")
        ])

    static let ioPriorityTarget = NameTable(
        unknown: "IOPRIO_WHO_???",
        choices: [
            (1, "IOPRIO_WHO_PROCESS"), (2, "IOPRIO_WHO_PGRP"), (3, "IOPRIO_WHO_USER"),
        ])

    /// Classes of I/O priorities.
    static let ioPriority = NameTable(
        unknown: "IOPRIO_CLASS_???",
        choices: [
            (0, "IOPRIO_CLASS_NONE"), (1, "IOPRIO_CLASS_RT"), (2, "IOPRIO_CLASS_BE"), (3, "IOPRIO_CLASS_IDLE"),
        ])

    static let barrierCommand = NameTable(
        unknown: "MEMBARRIER_CMD_???",
        choices: [
            (0, "MEMBARRIER_CMD_QUERY"), (1, "MEMBARRIER_CMD_GLOBAL"), (2, "MEMBARRIER_CMD_GLOBAL_EXPEDITED"),
            (4, "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"), (8, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"),
            (0x10, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"), (0x20, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE"),
            (0x40, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE"),
            (0x80, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ"),
            (0x100, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ"),
        ])

    static let randomFlags = NameTable(
        unknown: "GRND_???",
        bits: [
            (1, "GRND_NONBLOCK"), (2, "GRND_RANDOM"), (4, "GRND_INSECURE"),
        ])

    static let personality = NameTable(
        unknown: "PER_???", choiceMask: 0xff,
        choices: [
            (0, "PER_LINUX"), (8, "PER_LINUX32"),
        ],
        bits: [
            (0x2_0000, "UNAME26"), (0x4_0000, "ADDR_NO_RANDOMIZE"), (0x8_0000, "FDPIC_FUNCPTRS"),
            (0x10_0000, "MMAP_PAGE_ZERO"), (0x20_0000, "ADDR_COMPAT_LAYOUT"), (0x40_0000, "READ_IMPLIES_EXEC"),
            (0x80_0000, "ADDR_LIMIT_32BIT"), (0x100_0000, "SHORT_INODE"), (0x200_0000, "WHOLE_SECONDS"),
            (0x400_0000, "STICKY_TIMEOUTS"), (0x800_0000, "ADDR_LIMIT_3GB"),
        ])

    static let byProcessFamily: [NameFamily: NameTable] = [
        .maskChange: maskChange, .clock: clock, .intervalTimer: intervalTimer, .timerSetting: timerSetting,
        .cloneFlags: cloneFlags, .futexOperation: futexOperation, .futexBits: futexBits, .waitOptions: waitOptions,
        .waitTarget: waitTarget, .resource: resource, .usageTarget: usageTarget, .priorityTarget: priorityTarget,
        .schedulingPolicy: schedulingPolicy, .ioPriorityTarget: ioPriorityTarget, .ioPriority: ioPriority,
        .barrierCommand: barrierCommand,
        .randomFlags: randomFlags, .personality: personality,
    ]
}
