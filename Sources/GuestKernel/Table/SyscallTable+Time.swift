extension SyscallTable {
    static let time: [Syscall] = []
}
