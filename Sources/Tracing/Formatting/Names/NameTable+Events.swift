import SyscallShapes

/// Polling, and events as descriptors.
extension NameTable {
    static let eventFlags = NameTable(
        unknown: "EFD_???",
        bits: [
            (1, "EFD_SEMAPHORE"), (0x8_0000, "EFD_CLOEXEC"), (0x800, "EFD_NONBLOCK"),
        ])

    static let timerFileFlags = NameTable(
        unknown: "TFD_???",
        bits: [
            (0x8_0000, "TFD_CLOEXEC"), (0x800, "TFD_NONBLOCK"),
        ])

    static let timerFileSetting = NameTable(
        unknown: "TFD_???",
        bits: [
            (1, "TFD_TIMER_ABSTIME"), (2, "TFD_TIMER_CANCEL_ON_SET"),
        ])

    static let signalFileFlags = NameTable(
        unknown: "SFD_???",
        bits: [
            (0x8_0000, "SFD_CLOEXEC"), (0x800, "SFD_NONBLOCK"),
        ])

    static let watchFlags = NameTable(
        unknown: "IN_???",
        bits: [
            (0x800, "IN_NONBLOCK"), (0x8_0000, "IN_CLOEXEC"),
        ])

    static let watchMask = NameTable(
        unknown: "IN_???",
        bits: [
            (1, "IN_ACCESS"), (2, "IN_MODIFY"), (4, "IN_ATTRIB"), (8, "IN_CLOSE_WRITE"), (0x10, "IN_CLOSE_NOWRITE"),
            (0x20, "IN_OPEN"), (0x40, "IN_MOVED_FROM"), (0x80, "IN_MOVED_TO"), (0x100, "IN_CREATE"),
            (0x200, "IN_DELETE"), (0x400, "IN_DELETE_SELF"), (0x800, "IN_MOVE_SELF"), (0x2000, "IN_UNMOUNT"),
            (0x4000, "IN_Q_OVERFLOW"), (0x8000, "IN_IGNORED"), (0x100_0000, "IN_ONLYDIR"),
            (0x200_0000, "IN_DONT_FOLLOW"), (0x400_0000, "IN_EXCL_UNLINK"), (0x1000_0000, "IN_MASK_CREATE"),
            (0x2000_0000, "IN_MASK_ADD"), (0x4000_0000, "IN_ISDIR"), (0x8000_0000, "IN_ONESHOT"),
        ])

    static let epollFlags = NameTable(
        unknown: "EPOLL_???",
        bits: [
            (0x8_0000, "EPOLL_CLOEXEC")
        ])

    static let epollOperation = NameTable(
        unknown: "EPOLL_CTL_???",
        choices: [
            (1, "EPOLL_CTL_ADD"), (2, "EPOLL_CTL_DEL"), (3, "EPOLL_CTL_MOD"),
        ])

    static let epollEvents = NameTable(
        unknown: "EPOLL???",
        bits: [
            (1, "EPOLLIN"), (2, "EPOLLPRI"), (4, "EPOLLOUT"), (0x40, "EPOLLRDNORM"), (0x80, "EPOLLRDBAND"),
            (0x100, "EPOLLWRNORM"), (0x200, "EPOLLWRBAND"), (0x400, "EPOLLMSG"), (8, "EPOLLERR"), (0x10, "EPOLLHUP"),
            (0x2000, "EPOLLRDHUP"), (0x1000_0000, "EPOLLEXCLUSIVE"), (0x2000_0000, "EPOLLWAKEUP"),
            (0x4000_0000, "EPOLLONESHOT"), (0x8000_0000, "EPOLLET"),
        ])

    static let pollEvents = NameTable(
        unknown: "POLL???",
        bits: [
            (1, "POLLIN"), (2, "POLLPRI"), (4, "POLLOUT"), (8, "POLLERR"), (0x10, "POLLHUP"), (0x20, "POLLNVAL"),
            (0x40, "POLLRDNORM"), (0x80, "POLLRDBAND"), (0x100, "POLLWRNORM"), (0x200, "POLLWRBAND"),
            (0x400, "POLLMSG"), (0x1000, "POLLREMOVE"), (0x2000, "POLLRDHUP"),
        ])

    static let byEventsFamily: [NameFamily: NameTable] = [
        .eventFlags: eventFlags, .timerFileFlags: timerFileFlags, .timerFileSetting: timerFileSetting,
        .signalFileFlags: signalFileFlags, .watchFlags: watchFlags, .watchMask: watchMask, .epollFlags: epollFlags,
        .epollOperation: epollOperation, .epollEvents: epollEvents, .pollEvents: pollEvents,
    ]
}
