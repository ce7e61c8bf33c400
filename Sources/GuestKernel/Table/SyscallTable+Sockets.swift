extension SyscallTable {
    /// Calls on sockets.
    static let sockets: [Syscall] = [
        Syscall(
            41, "socket", .named(.protocolFamily), .named(.socketType), .selected(.socketProtocol),
            returns: .descriptor, support: .partial,
            note: "Unix, IPv4, IPv6 and netlink sockets; no SCTP, no multipath TCP", handler: SocketCalls.socket),
        Syscall(
            42, "connect", .descriptor, .input(.socketAddress, .count(2)), .integer, callClass: .mayWait,
            handler: SocketCalls.connect),
        Syscall(
            43, "accept", .descriptor, .output(.socketAddress, .pointed(2)), .update(.int32), returns: .descriptor,
            callClass: .mayWait, handler: SocketCalls.accept),
        Syscall(
            44, "sendto", .descriptor, .input(.bytes, .count(2)), .size, .named(.messageFlags),
            .input(.socketAddress, .count(5)), .integer, callClass: .mayWait,
            support: .partial, note: "no MSG_FASTOPEN", handler: SocketTransfer.sendto),
        Syscall(
            45, "recvfrom", .descriptor, .output(.bytes, .result), .size, .named(.messageFlags),
            .output(.socketAddress, .pointed(5)), .update(.int32), callClass: .mayWait,
            handler: SocketTransfer.recvfrom),
        Syscall(
            46, "sendmsg", .descriptor, .input(.messageHeader), .named(.messageFlags), callClass: .mayWait,
            support: .partial,
            note: "no MSG_FASTOPEN", handler: MessageCalls.sendmsg),
        Syscall(
            47, "recvmsg", .descriptor, .output(.messageHeader), .named(.messageFlags), callClass: .mayWait,
            handler: MessageCalls.recvmsg),
        Syscall(48, "shutdown", .descriptor, .named(.shutdownHow), handler: SocketCalls.shutdown),
        Syscall(49, "bind", .descriptor, .input(.socketAddress, .count(2)), .integer, handler: SocketCalls.bind),
        Syscall(50, "listen", .descriptor, .integer, handler: SocketCalls.listen),
        Syscall(
            51, "getsockname", .descriptor, .output(.socketAddress, .pointed(2)), .update(.int32),
            callClass: .passedOn),
        Syscall(
            52, "getpeername", .descriptor, .output(.socketAddress, .pointed(2)), .update(.int32),
            callClass: .passedOn),
        Syscall(
            53, "socketpair", .named(.protocolFamily), .named(.socketType), .selected(.socketProtocol),
            .output(.descriptor, .fixed(2)), handler: SocketCalls.socketpair),
        Syscall(
            54, "setsockopt", .descriptor, .named(.socketLevel), .selected(.optionSetting), .input(.bytes, .count(4)),
            .integer, support: .partial,
            note: "no packet filters, no zero-copy; SO_LINGER does not make close wait", handler: SocketOptions.set),
        Syscall(
            55, "getsockopt", .descriptor, .named(.socketLevel), .selected(.optionReading),
            .output(.bytes, .pointed(4)), .update(.int32), support: .partial,
            note: "as setsockopt", handler: SocketOptions.get),
        Syscall(
            288, "accept4", .descriptor, .output(.socketAddress, .pointed(2)), .update(.int32), .named(.acceptFlags),
            returns: .descriptor, callClass: .mayWait,
            handler: SocketCalls.accept4),
        Syscall(
            299, "recvmmsg", .descriptor, .output(.manyMessageHeaders, .count(2)), .unsigned, .named(.messageFlags),
            .input(.timespec), callClass: .mayWait,
            handler: MessageCalls.recvmmsg),
        Syscall(
            307, "sendmmsg", .descriptor, .update(.manyMessageHeaders, .count(2)), .unsigned, .named(.messageFlags),
            callClass: .mayWait,
            handler: MessageCalls.sendmmsg),
    ]
}
