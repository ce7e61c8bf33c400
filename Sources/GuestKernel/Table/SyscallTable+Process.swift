import CGuestEntry

extension SyscallTable {
    static let process: [Syscall] =
        limitsAndUsage + scheduling + [
            Syscall(
                61, "wait4", .processIdentity, .pointer, .flags, .pointer, support: .partial,
                note: "ECHILD: a guest has no children yet", handler: ChildCalls.wait),
            Syscall(63, "uname", .pointer, callClass: .passedOn),
            Syscall(99, "sysinfo", .pointer, handler: UsageCalls.systemInformation),
            Syscall(
                135, "personality", .flags, support: .partial, note: "the default personality only; others EINVAL",
                handler: ProcessControl.personality),
            Syscall(
                157, "prctl", .number, .number, .number, .number, .number, support: .partial,
                note:
                    "names, death signal, dumpable, no_new_privs, capabilities, timer slack, huge pages; others EINVAL",
                handler: ProcessControl.control),
            Syscall(
                247, "waitid", .number, .processIdentity, .pointer, .flags, .pointer, support: .partial,
                note: "ECHILD: a guest has no children yet", handler: ChildCalls.waitIdentity),
            Syscall(318, "getrandom", .pointer, .size, .flags, handler: UsageCalls.random),
        ]

    private static let limitNote =
        "descriptors, heap and stack are limited; other limits are recorded, the supervisor's own stay in force"

    private static let limitsAndUsage: [Syscall] = [
        Syscall(97, "getrlimit", .number, .pointer, handler: LimitCalls.getLimit),
        Syscall(
            98, "getrusage", .number, .pointer, support: .partial,
            note: "the supervisor's work counts as the guest's; children count nothing", handler: UsageCalls.usage),
        Syscall(
            100, "times", .pointer, support: .partial,
            note: "the supervisor's work counts as the guest's; children count nothing", handler: UsageCalls.times),
        Syscall(
            160, "setrlimit", .number, .pointer, support: .partial, note: limitNote, handler: LimitCalls.setLimit),
        Syscall(
            302, "prlimit64", .processIdentity, .number, .pointer, .pointer, support: .partial, note: limitNote,
            handler: LimitCalls.processLimit),
    ]

    private static let scheduling: [Syscall] = [
        Syscall(
            140, "getpriority", .number, .processIdentity, handler: SchedulingCalls.priority(__NR_getpriority)),
        Syscall(
            141, "setpriority", .number, .processIdentity, .number,
            handler: SchedulingCalls.priority(__NR_setpriority)),
        Syscall(142, "sched_setparam", .processIdentity, .pointer, callClass: .passedOn),
        Syscall(143, "sched_getparam", .processIdentity, .pointer, callClass: .passedOn),
        Syscall(144, "sched_setscheduler", .processIdentity, .number, .pointer, callClass: .passedOn),
        Syscall(145, "sched_getscheduler", .processIdentity, callClass: .passedOn),
        Syscall(146, "sched_get_priority_max", .number, callClass: .passedOn),
        Syscall(147, "sched_get_priority_min", .number, callClass: .passedOn),
        Syscall(148, "sched_rr_get_interval", .processIdentity, .pointer, callClass: .passedOn),
        Syscall(203, "sched_setaffinity", .processIdentity, .size, .pointer, callClass: .passedOn),
        Syscall(204, "sched_getaffinity", .processIdentity, .size, .pointer, callClass: .passedOn),
        Syscall(
            251, "ioprio_set", .number, .processIdentity, .number,
            handler: SchedulingCalls.ioPriority(__NR_ioprio_set)),
        Syscall(
            252, "ioprio_get", .number, .processIdentity, handler: SchedulingCalls.ioPriority(__NR_ioprio_get)),
        Syscall(309, "getcpu", .pointer, .pointer, .pointer, handler: SchedulingCalls.getCpu),
        Syscall(314, "sched_setattr", .processIdentity, .pointer, .flags, callClass: .passedOn),
        Syscall(315, "sched_getattr", .processIdentity, .pointer, .size, .flags, callClass: .passedOn),
        Syscall(324, "membarrier", .number, .flags, .number, callClass: .passedOn),
    ]
}
