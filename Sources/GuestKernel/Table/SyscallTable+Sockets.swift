extension SyscallTable {
    /// Calls on sockets.
    static let sockets: [Syscall] = [
        Syscall(
            41, "socket", .number, .flags, .number, support: .partial,
            note: "Unix, IPv4, IPv6 and netlink sockets; no SCTP, no multipath TCP", handler: SocketCalls.socket),
        Syscall(
            42, "connect", .descriptor, .pointer, .size, callClass: .mayWait, handler: SocketCalls.connect),
        Syscall(43, "accept", .descriptor, .pointer, .pointer, callClass: .mayWait, handler: SocketCalls.accept),
        Syscall(
            44, "sendto", .descriptor, .pointer, .size, .flags, .pointer, .size, callClass: .mayWait,
            support: .partial, note: "no MSG_FASTOPEN", handler: SocketTransfer.sendto),
        Syscall(
            45, "recvfrom", .descriptor, .pointer, .size, .flags, .pointer, .pointer, callClass: .mayWait,
            handler: SocketTransfer.recvfrom),
        Syscall(
            46, "sendmsg", .descriptor, .pointer, .flags, callClass: .mayWait, support: .partial,
            note: "no MSG_FASTOPEN", handler: MessageCalls.sendmsg),
        Syscall(47, "recvmsg", .descriptor, .pointer, .flags, callClass: .mayWait, handler: MessageCalls.recvmsg),
        Syscall(48, "shutdown", .descriptor, .number, handler: SocketCalls.shutdown),
        Syscall(49, "bind", .descriptor, .pointer, .size, handler: SocketCalls.bind),
        Syscall(50, "listen", .descriptor, .number, handler: SocketCalls.listen),
        Syscall(51, "getsockname", .descriptor, .pointer, .pointer, callClass: .passedOn),
        Syscall(52, "getpeername", .descriptor, .pointer, .pointer, callClass: .passedOn),
        Syscall(
            53, "socketpair", .number, .flags, .number, .pointer, handler: SocketCalls.socketpair),
        Syscall(
            54, "setsockopt", .descriptor, .number, .number, .pointer, .size, support: .partial,
            note: "no packet filters, no zero-copy; SO_LINGER does not make close wait", handler: SocketOptions.set),
        Syscall(
            55, "getsockopt", .descriptor, .number, .number, .pointer, .pointer, support: .partial,
            note: "as setsockopt", handler: SocketOptions.get),
        Syscall(
            288, "accept4", .descriptor, .pointer, .pointer, .flags, callClass: .mayWait,
            handler: SocketCalls.accept4),
        Syscall(
            299, "recvmmsg", .descriptor, .pointer, .size, .flags, .pointer, callClass: .mayWait,
            handler: MessageCalls.recvmmsg),
        Syscall(
            307, "sendmmsg", .descriptor, .pointer, .size, .flags, callClass: .mayWait,
            handler: MessageCalls.sendmmsg),
    ]
}
