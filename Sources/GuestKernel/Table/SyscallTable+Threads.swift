extension SyscallTable {
    static let threads: [Syscall] = [
        Syscall(24, "sched_yield", handler: ThreadCalls.yieldProcessor),
        Syscall(
            56, "clone", .flags, .pointer, .pointer, .pointer, .pointer, support: .partial,
            note: "threads only; child processes are ENOSYS", handler: ThreadCalls.clone),
        Syscall(60, "exit", .number, handler: ThreadCalls.exit),
        Syscall(158, "arch_prctl", .number, .pointer, handler: ThreadCalls.archControl),
        Syscall(186, "gettid", handler: ThreadCalls.getTid),
        Syscall(218, "set_tid_address", .pointer, handler: ThreadCalls.setTidAddress),
        Syscall(231, "exit_group", .number, handler: ThreadCalls.exitGroup),
        Syscall(273, "set_robust_list", .pointer, .size, handler: ThreadCalls.setRobustList),
        Syscall(274, "get_robust_list", .processIdentity, .pointer, .pointer, handler: ThreadCalls.getRobustList),
        Syscall(
            435, "clone3", .pointer, .size, support: .partial,
            note: "threads only; child processes are ENOSYS", handler: ThreadCalls.clone3),
    ]
}
