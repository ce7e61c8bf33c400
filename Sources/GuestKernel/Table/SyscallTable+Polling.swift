extension SyscallTable {
    /// Waiting for descriptors.
    static let polling: [Syscall] = [
        Syscall(7, "poll", .pointer, .size, .number, callClass: .mayWait, handler: PollCalls.poll),
        Syscall(
            271, "ppoll", .pointer, .size, .pointer, .pointer, .size, callClass: .mayWait, handler: PollCalls.ppoll),
        Syscall(
            23, "select", .number, .pointer, .pointer, .pointer, .pointer, callClass: .mayWait,
            handler: SelectCalls.select),
        Syscall(
            270, "pselect6", .number, .pointer, .pointer, .pointer, .pointer, .pointer, callClass: .mayWait,
            handler: SelectCalls.maskedSelect),
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
