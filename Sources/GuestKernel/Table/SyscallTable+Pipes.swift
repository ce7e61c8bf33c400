extension SyscallTable {
    static let pipes: [Syscall] = []
}
