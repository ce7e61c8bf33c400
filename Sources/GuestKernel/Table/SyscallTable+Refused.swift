extension SyscallTable {
    static let refused: [Syscall] = []
}
