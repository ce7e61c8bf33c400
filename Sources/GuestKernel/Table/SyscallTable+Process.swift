import CGuestEntry

extension SyscallTable {
    static let process: [Syscall] =
        limitsAndUsage + scheduling + [
            Syscall(
                61, "wait4", .processIdentity, .output(.waitStatus), .named(.waitOptions), .output(.resourceUsage),
                callClass: .mayWait, handler: WaitCalls.wait),
            Syscall(63, "uname", .output(.systemNames), callClass: .passedOn),
            Syscall(99, "sysinfo", .output(.systemInformation), handler: UsageCalls.systemInformation),
            Syscall(
                135, "personality", .named(.personality), returns: .bits, support: .partial,
                note: "the default personality only; others EINVAL",
                handler: ProcessControl.personality),
            Syscall(
                157, "prctl", .named(.processControl), .selected(.processControl), .bits, .bits, .bits,
                support: .partial,
                note:
                    "names, death signal, dumpable, no_new_privs, capabilities, timer slack, huge pages; others EINVAL",
                handler: ProcessControl.control),
            Syscall(
                247, "waitid", .named(.waitTarget), .processIdentity, .output(.signalInformation), .named(.waitOptions),
                .output(.resourceUsage), callClass: .mayWait, support: .partial, note: "no P_PIDFD",
                handler: WaitCalls.waitIdentity),
            Syscall(
                318, "getrandom", .output(.randomBytes, .result), .size, .named(.randomFlags),
                handler: UsageCalls.random),
        ]

    private static let limitNote =
        "descriptors, heap and stack are limited; other limits are recorded, the supervisor's own stay in force"

    private static let limitsAndUsage: [Syscall] = [
        Syscall(97, "getrlimit", .named(.resource), .output(.resourceLimit), handler: LimitCalls.getLimit),
        Syscall(
            98, "getrusage", .named(.usageTarget), .output(.resourceUsage), support: .partial,
            note: "the supervisor's work counts as the guest's", handler: UsageCalls.usage),
        Syscall(
            100, "times", .output(.processTimes), support: .partial,
            note: "the supervisor's work counts as the guest's", handler: UsageCalls.times),
        Syscall(
            160, "setrlimit", .named(.resource), .input(.resourceLimit), support: .partial, note: limitNote,
            handler: LimitCalls.setLimit),
        Syscall(
            302, "prlimit64", .processIdentity, .named(.resource), .input(.resourceLimit), .output(.resourceLimit),
            support: .partial, note: limitNote,
            handler: LimitCalls.processLimit),
    ]

    private static let scheduling: [Syscall] = [
        Syscall(
            140, "getpriority", .named(.priorityTarget), .processIdentity,
            handler: SchedulingCalls.priority(__NR_getpriority)),
        Syscall(
            141, "setpriority", .named(.priorityTarget), .processIdentity, .integer,
            handler: SchedulingCalls.priority(__NR_setpriority)),
        Syscall(142, "sched_setparam", .processIdentity, .input(.schedulingParameters), callClass: .passedOn),
        Syscall(143, "sched_getparam", .processIdentity, .output(.schedulingParameters), callClass: .passedOn),
        Syscall(
            144, "sched_setscheduler", .processIdentity, .named(.schedulingPolicy), .input(.schedulingParameters),
            callClass: .passedOn),
        Syscall(145, "sched_getscheduler", .processIdentity, returns: .policy, callClass: .passedOn),
        Syscall(146, "sched_get_priority_max", .named(.schedulingPolicy), callClass: .passedOn),
        Syscall(147, "sched_get_priority_min", .named(.schedulingPolicy), callClass: .passedOn),
        Syscall(148, "sched_rr_get_interval", .processIdentity, .output(.timespec), callClass: .passedOn),
        Syscall(203, "sched_setaffinity", .processIdentity, .size, .input(.cpuMask, .count(1)), callClass: .passedOn),
        Syscall(204, "sched_getaffinity", .processIdentity, .size, .output(.cpuMask, .result), callClass: .passedOn),
        Syscall(
            251, "ioprio_set", .named(.ioPriorityTarget), .processIdentity, .named(.ioPriority),
            handler: SchedulingCalls.ioPriority(__NR_ioprio_set)),
        Syscall(
            252, "ioprio_get", .named(.ioPriorityTarget), .processIdentity,
            handler: SchedulingCalls.ioPriority(__NR_ioprio_get)),
        Syscall(309, "getcpu", .output(.uint32), .output(.uint32), .pointer, handler: SchedulingCalls.getCpu),
        Syscall(
            314, "sched_setattr", .processIdentity, .input(.schedulingAttributes, .fixed(56)), .bits,
            callClass: .passedOn),
        Syscall(
            315, "sched_getattr", .processIdentity, .output(.schedulingAttributes, .count(2)), .unsigned, .bits,
            callClass: .passedOn),
        Syscall(324, "membarrier", .named(.barrierCommand), .bits, .absent, returns: .bits, callClass: .passedOn),
    ]
}
