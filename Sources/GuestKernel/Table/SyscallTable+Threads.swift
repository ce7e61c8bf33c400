extension SyscallTable {
    private static let cloneNote = "no processes that share memory, but for vfork's; no namespaces, no pidfd"

    static let threads: [Syscall] = [
        Syscall(24, "sched_yield", handler: ThreadCalls.yieldProcessor),
        Syscall(
            56, "clone", .named(.cloneFlags), .pointer, .output(.int32), .output(.int32), .pointer, support: .partial,
            note: cloneNote, handler: ThreadCalls.clone),
        Syscall(57, "fork", callClass: .mayWait, handler: ForkCalls.fork),
        Syscall(58, "vfork", callClass: .mayWait, handler: ForkCalls.vfork),
        Syscall(
            59, "execve", .path, .input(.stringVector), .input(.environment), callClass: .mayWait,
            handler: ExecCalls.execve),
        Syscall(60, "exit", .integer, returns: .none, handler: ThreadCalls.exit),
        Syscall(158, "arch_prctl", .named(.archControl), .selected(.archControl), handler: ThreadCalls.archControl),
        Syscall(186, "gettid", handler: ThreadCalls.getTid),
        Syscall(218, "set_tid_address", .pointer, handler: ThreadCalls.setTidAddress),
        Syscall(231, "exit_group", .integer, returns: .none, handler: ThreadCalls.exitGroup),
        Syscall(273, "set_robust_list", .pointer, .size, handler: ThreadCalls.setRobustList),
        Syscall(
            274, "get_robust_list", .processIdentity, .output(.address), .output(.uint64),
            handler: ThreadCalls.getRobustList),
        Syscall(
            322, "execveat", .directory, .path, .input(.stringVector), .input(.environment), .placeFlags,
            callClass: .mayWait, handler: ExecCalls.execveat),
        Syscall(
            435, "clone3", .update(.cloneArguments, .count(1)), .size, support: .partial,
            note: cloneNote, handler: ThreadCalls.clone3),
    ]
}
