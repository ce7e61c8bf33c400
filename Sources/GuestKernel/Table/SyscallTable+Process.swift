extension SyscallTable {
    static let process: [Syscall] = []
}
