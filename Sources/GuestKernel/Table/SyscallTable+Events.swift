extension SyscallTable {
    /// Events, timers and signals as descriptors.
    static let events: [Syscall] = [
        Syscall(284, "eventfd", .unsigned, returns: .descriptor, handler: EventFile.create),
        Syscall(290, "eventfd2", .unsigned, .named(.eventFlags), returns: .descriptor, handler: EventFile.create2),
        Syscall(
            283, "timerfd_create", .named(.clock), .named(.timerFileFlags), returns: .descriptor,
            handler: TimerFile.create),
        Syscall(
            286, "timerfd_settime", .descriptor, .named(.timerFileSetting), .input(.intervalSpec),
            .output(.intervalSpec), handler: TimerFile.setTime),
        Syscall(287, "timerfd_gettime", .descriptor, .output(.intervalSpec), handler: TimerFile.getTime),
        Syscall(
            282, "signalfd", .descriptor, .input(.signalSet), .size, returns: .descriptor, handler: SignalFile.create),
        Syscall(
            289, "signalfd4", .descriptor, .input(.signalSet), .size, .named(.signalFileFlags), returns: .descriptor,
            handler: SignalFile.create4),
        Syscall(253, "inotify_init", returns: .descriptor, handler: WatchFile.create),
        Syscall(294, "inotify_init1", .named(.watchFlags), returns: .descriptor, handler: WatchFile.create1),
        Syscall(254, "inotify_add_watch", .descriptor, .path, .named(.watchMask), handler: WatchFile.add),
        Syscall(255, "inotify_rm_watch", .descriptor, .integer, handler: WatchFile.remove),
    ]

    /// Moving bytes from file to file, and files without a path.
    static let copies: [Syscall] = [
        Syscall(
            40, "sendfile", .descriptor, .descriptor, .update(.int64), .size, callClass: .mayWait,
            handler: CopyCalls.sendfile),
        Syscall(
            275, "splice", .descriptor, .input(.int64), .descriptor, .input(.int64), .size, .named(.spliceFlags),
            callClass: .mayWait,
            handler: CopyCalls.splice),
        Syscall(
            276, "tee", .descriptor, .descriptor, .size, .named(.spliceFlags), callClass: .mayWait,
            handler: CopyCalls.tee),
        Syscall(
            278, "vmsplice", .descriptor, .input(.ioVector, .count(2)), .size, .named(.spliceFlags),
            callClass: .mayWait, support: .partial,
            note: "the bytes are copied", handler: CopyCalls.vmsplice),
        Syscall(
            326, "copy_file_range", .descriptor, .input(.int64), .descriptor, .input(.int64), .size, .bits,
            handler: CopyCalls.copyFileRange),
        Syscall(
            319, "memfd_create", .string, .named(.memoryFileFlags), returns: .descriptor, handler: MemoryFile.create),
    ]
}
