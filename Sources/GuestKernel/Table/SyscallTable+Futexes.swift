extension SyscallTable {
    static let futexes: [Syscall] = [
        Syscall(
            202, "futex", .pointer, .number, .number, .pointer, .pointer, .number, callClass: .mayWait,
            support: .partial, note: "priority inheritance operations are ENOSYS", handler: FutexCalls.futex)
    ]
}
