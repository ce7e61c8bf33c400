extension SyscallTable {
    static let polling: [Syscall] = []
}
