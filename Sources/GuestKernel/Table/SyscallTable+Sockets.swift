extension SyscallTable {
    static let sockets: [Syscall] = []
}
