extension SyscallTable {
    /// Waiting for descriptors.
    static let polling: [Syscall] = [
        Syscall(
            7, "poll", .update(.pollDescriptor, .count(1)), .size, .integer, returns: .readyCount, callClass: .mayWait,
            handler: PollCalls.poll),
        Syscall(
            271, "ppoll", .update(.pollDescriptor, .count(1)), .size, .update(.timespec), .input(.signalSet), .size,
            returns: .readyCount, callClass: .mayWait, handler: PollCalls.ppoll),
        Syscall(
            23, "select", .integer, .update(.descriptorSet, .count(0)), .update(.descriptorSet, .count(0)),
            .update(.descriptorSet, .count(0)), .update(.timeval), returns: .readyCount, callClass: .mayWait,
            handler: SelectCalls.select),
        Syscall(
            270, "pselect6", .integer, .update(.descriptorSet, .count(0)), .update(.descriptorSet, .count(0)),
            .update(.descriptorSet, .count(0)), .update(.timespec), .input(.selectMask), returns: .readyCount,
            callClass: .mayWait,
            handler: SelectCalls.maskedSelect),
        Syscall(213, "epoll_create", .integer, returns: .descriptor, handler: EpollCalls.create),
        Syscall(291, "epoll_create1", .named(.epollFlags), returns: .descriptor, handler: EpollCalls.create1),
        Syscall(
            233, "epoll_ctl", .descriptor, .named(.epollOperation), .descriptor, .selected(.epollEvent),
            handler: EpollCalls.control),
        Syscall(
            232, "epoll_wait", .descriptor, .output(.epollEvent, .result), .integer, .integer, callClass: .mayWait,
            handler: EpollCalls.wait),
        Syscall(
            281, "epoll_pwait", .descriptor, .output(.epollEvent, .result), .integer, .integer, .input(.signalSet),
            .size, callClass: .mayWait,
            handler: EpollCalls.maskedWait),
        Syscall(
            441, "epoll_pwait2", .descriptor, .output(.epollEvent, .result), .integer, .input(.timespec),
            .input(.signalSet), .size, callClass: .mayWait,
            handler: EpollCalls.preciseWait),
    ]
}
