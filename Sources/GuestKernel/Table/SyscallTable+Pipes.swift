extension SyscallTable {
    /// Making pipes; what moves through them is in `transfers`.
    static let pipes: [Syscall] = [
        Syscall(22, "pipe", .pointer, handler: PipeCalls.pipe),
        Syscall(293, "pipe2", .pointer, .flags, handler: PipeCalls.pipe2),
    ]
}
