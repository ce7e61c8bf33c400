extension SyscallTable {
    /// Events, timers and signals as descriptors.
    static let events: [Syscall] = [
        Syscall(284, "eventfd", .number, handler: EventFile.create),
        Syscall(290, "eventfd2", .number, .flags, handler: EventFile.create2),
        Syscall(283, "timerfd_create", .number, .flags, handler: TimerFile.create),
        Syscall(286, "timerfd_settime", .descriptor, .flags, .pointer, .pointer, handler: TimerFile.setTime),
        Syscall(287, "timerfd_gettime", .descriptor, .pointer, handler: TimerFile.getTime),
        Syscall(282, "signalfd", .number, .pointer, .size, handler: SignalFile.create),
        Syscall(289, "signalfd4", .number, .pointer, .size, .flags, handler: SignalFile.create4),
        Syscall(253, "inotify_init", handler: WatchFile.create),
        Syscall(294, "inotify_init1", .flags, handler: WatchFile.create1),
        Syscall(254, "inotify_add_watch", .descriptor, .path, .flags, handler: WatchFile.add),
        Syscall(255, "inotify_rm_watch", .descriptor, .number, handler: WatchFile.remove),
    ]

    /// Moving bytes from file to file, and files without a path.
    static let copies: [Syscall] = [
        Syscall(
            40, "sendfile", .descriptor, .descriptor, .pointer, .size, callClass: .mayWait,
            handler: CopyCalls.sendfile),
        Syscall(
            275, "splice", .descriptor, .pointer, .descriptor, .pointer, .size, .flags, callClass: .mayWait,
            handler: CopyCalls.splice),
        Syscall(
            276, "tee", .descriptor, .descriptor, .size, .flags, callClass: .mayWait, handler: CopyCalls.tee),
        Syscall(
            278, "vmsplice", .descriptor, .pointer, .size, .flags, callClass: .mayWait, support: .partial,
            note: "the bytes are copied", handler: CopyCalls.vmsplice),
        Syscall(
            326, "copy_file_range", .descriptor, .pointer, .descriptor, .pointer, .size, .flags,
            handler: CopyCalls.copyFileRange),
        Syscall(319, "memfd_create", .string, .flags, handler: MemoryFile.create),
    ]
}
