extension SyscallTable {
    /// Making pipes; what moves through them is in `transfers`.
    static let pipes: [Syscall] = [
        Syscall(22, "pipe", .output(.descriptor, .fixed(2)), handler: PipeCalls.pipe),
        Syscall(293, "pipe2", .output(.descriptor, .fixed(2)), .named(.pipeFlags), handler: PipeCalls.pipe2),
    ]
}
