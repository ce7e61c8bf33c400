extension SyscallTable {
    /// Waiting for descriptors.
    static let polling: [Syscall] = [
        Syscall(213, "epoll_create", .size, handler: EpollCalls.create),
        Syscall(291, "epoll_create1", .flags, handler: EpollCalls.create1),
        Syscall(233, "epoll_ctl", .descriptor, .number, .descriptor, .pointer, handler: EpollCalls.control),
        Syscall(
            232, "epoll_wait", .descriptor, .pointer, .number, .number, callClass: .mayWait, handler: EpollCalls.wait),
        Syscall(
            281, "epoll_pwait", .descriptor, .pointer, .number, .number, .pointer, .size, callClass: .mayWait,
            handler: EpollCalls.maskedWait),
        Syscall(
            441, "epoll_pwait2", .descriptor, .pointer, .number, .pointer, .pointer, .size, callClass: .mayWait,
            handler: EpollCalls.preciseWait),
    ]
}
