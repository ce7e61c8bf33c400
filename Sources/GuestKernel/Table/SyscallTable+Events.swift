extension SyscallTable {
    static let events: [Syscall] = []
}
