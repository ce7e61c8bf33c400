import Glibc

extension SyscallTable {
    /// Calls that libc tries at every start and does without: nobody is told of them.
    static let triedAtStart: Set<Int> = [334]

    static let refused: [Syscall] =
        children + systemV + messageQueues + asynchronousTransfers + otherProcesses + memoryPlacement
        + refusedFiles + administration + namespaces + security + lateFutexes + obsolete

    private static let children: [Syscall] =
        Refusal(errno: ENOSYS, note: "children are waited for and signalled by their pids").rows([
            (424, "pidfd_send_signal", [.descriptor, .signal, .input(.signalInformation), .bits]),
            (434, "pidfd_open", [.processIdentity, .bits]),
            (438, "pidfd_getfd", [.descriptor, .integer, .bits]),
        ])

    private static let systemV: [Syscall] =
        Refusal(
            errno: ENOSYS,
            note: "System V semaphores and queues live outside the guest, where no mirror has them",
            isReported: true
        ).rows([
            (64, "semget", [.named(.ipcKey), .integer, .named(.ipcFlags)]),
            (65, "semop", [.integer, .pointer, .size]),
            (66, "semctl", [.integer, .integer, .named(.ipcCommand), .bits]),
            (68, "msgget", [.named(.ipcKey), .named(.ipcFlags)]),
            (69, "msgsnd", [.integer, .pointer, .size, .bits]),
            (70, "msgrcv", [.integer, .pointer, .size, .long, .bits]),
            (71, "msgctl", [.integer, .named(.ipcCommand), .pointer]),
            (220, "semtimedop", [.integer, .pointer, .size, .input(.timespec)]),
        ])

    private static let messageQueues: [Syscall] =
        Refusal(
            errno: ENOSYS, note: "POSIX message queues live outside the guest, where no mirror has them",
            isReported: true
        ).rows([
            (240, "mq_open", [.string, .named(.openFlags), .mode, .pointer]),
            (241, "mq_unlink", [.string]),
            (242, "mq_timedsend", [.descriptor, .input(.bytes, .count(2)), .size, .unsigned, .input(.timespec)]),
            (
                243, "mq_timedreceive",
                [.descriptor, .output(.bytes, .result), .size, .output(.uint32), .input(.timespec)]
            ),
            (244, "mq_notify", [.descriptor, .input(.signalEvent)]),
            (245, "mq_getsetattr", [.descriptor, .pointer, .pointer]),
        ])

    private static let asynchronousTransfers: [Syscall] =
        Refusal(errno: ENOSYS, note: "the host would do I/O in guest memory at its own time; use read and write").rows([
            (206, "io_setup", [.unsigned, .output(.address)]),
            (207, "io_destroy", [.bits]),
            (208, "io_getevents", [.bits, .long, .long, .pointer, .input(.timespec)]),
            (209, "io_submit", [.bits, .long, .pointer]),
            (210, "io_cancel", [.bits, .pointer, .pointer]),
            (333, "io_pgetevents", [.bits, .long, .long, .pointer, .input(.timespec), .pointer]),
            (425, "io_uring_setup", [.unsigned, .pointer]),
            (426, "io_uring_enter", [.descriptor, .unsigned, .unsigned, .bits, .input(.signalSet), .size]),
            (427, "io_uring_register", [.descriptor, .integer, .pointer, .unsigned]),
        ])

    private static let otherProcesses: [Syscall] =
        Refusal(errno: EPERM, note: "a debugger would be run beside the supervisor, not as its guest", isReported: true)
        .rows([(101, "ptrace", [.named(.traceRequest), .processIdentity, .pointer, .pointer])])
        + Refusal(errno: EPERM, note: "other processes' memory, and the supervisor's, are out of a guest's reach").rows(
            [
                (
                    310, "process_vm_readv",
                    [
                        .processIdentity, .output(.ioVector, .count(2)), .size, .input(.remoteRange, .count(4)), .size,
                        .bits,
                    ]
                ),
                (
                    311, "process_vm_writev",
                    [
                        .processIdentity, .input(.ioVector, .count(2)), .size, .input(.remoteRange, .count(4)), .size,
                        .bits,
                    ]
                ),
            ])
        + Refusal(errno: ENOSYS, note: "it would show the supervisor's descriptors and memory").rows([
            (312, "kcmp", [.processIdentity, .processIdentity, .integer, .bits, .bits]),
            (
                440, "process_madvise",
                [.descriptor, .input(.remoteRange, .count(2)), .size, .named(.memoryAdvice), .bits]
            ),
            (448, "process_mrelease", [.descriptor, .bits]),
        ])
        + Refusal(errno: EPERM, note: "what it measured would be the supervisor").rows([
            (298, "perf_event_open", [.pointer, .processIdentity, .integer, .descriptor, .bits])
        ])
        + Refusal(errno: EINTR, note: "only the kernel makes it; interrupted calls are continued here").rows([
            (219, "restart_syscall", [])
        ])

    private static let memoryPlacement: [Syscall] =
        Refusal(errno: ENOSYS, note: "memory is not placed on NUMA nodes; libraries see a machine without them").rows([
            (237, "mbind", [.pointer, .size, .integer, .pointer, .size, .bits]),
            (238, "set_mempolicy", [.integer, .pointer, .size]),
            (239, "get_mempolicy", [.output(.int32), .pointer, .size, .pointer, .bits]),
            (256, "migrate_pages", [.processIdentity, .size, .pointer, .pointer]),
            (279, "move_pages", [.processIdentity, .size, .pointer, .pointer, .pointer, .bits]),
            (450, "set_mempolicy_home_node", [.pointer, .size, .size, .bits]),
        ])
        + Refusal(errno: ENOSYS, note: "a guest's protection keys could lock the supervisor out of guest memory").rows([
            (329, "pkey_mprotect", [.pointer, .size, .named(.protection), .integer]),
            (330, "pkey_alloc", [.bits, .bits]),
            (331, "pkey_free", [.integer]),
        ])
        + Refusal(errno: ENOSYS, note: "the supervisor tracks the guest's pages by it and cannot share it").rows([
            (323, "userfaultfd", [.named(.openFlags)])
        ])
        + Refusal(errno: ENOSYS, note: "16-bit and 32-bit segments (Wine, DOSEMU) are not part of a guest's state")
        .rows([(154, "modify_ldt", [.integer, .pointer, .size])])
        + Refusal(errno: ENOSYS, note: "memory of this kind could not be read for a mirror").rows([
            (216, "remap_file_pages", [.pointer, .size, .named(.protection), .size, .named(.mapping)]),
            (447, "memfd_secret", [.named(.memoryFileFlags)]),
            (453, "map_shadow_stack", [.pointer, .size, .bits]),
            (462, "mseal", [.pointer, .size, .bits]),
        ])

    private static let refusedFiles: [Syscall] =
        Refusal(errno: ENOSYS, note: "programs fall back to the older call").rows([
            (463, "setxattrat", [.directory, .path, .placeFlags, .string, .pointer, .size]),
            (464, "getxattrat", [.directory, .path, .placeFlags, .string, .pointer, .size]),
            (465, "listxattrat", [.directory, .path, .placeFlags, .pointer, .size]),
            (466, "removexattrat", [.directory, .path, .placeFlags, .string]),
            (468, "file_getattr", [.directory, .path, .pointer, .size, .placeFlags]),
            (469, "file_setattr", [.directory, .path, .pointer, .size, .placeFlags]),
        ])
        + Refusal(errno: EOPNOTSUPP, note: "file handles name the host's inodes, which a mirror does not have").rows([
            (303, "name_to_handle_at", [.directory, .path, .pointer, .output(.int32), .placeFlags])
        ])
        + Refusal(errno: EPERM, note: "file handles name the host's inodes, which a mirror does not have").rows([
            (304, "open_by_handle_at", [.descriptor, .pointer, .named(.openFlags)])
        ])
        + Refusal(errno: EPERM, note: "watching whole filesystems is for the host; inotify is there").rows([
            (300, "fanotify_init", [.bits, .named(.openFlags)]),
            (301, "fanotify_mark", [.descriptor, .bits, .bits, .directory, .path]),
        ])

    private static let lateFutexes: [Syscall] =
        Refusal(errno: ENOSYS, note: "programs fall back to futex").rows([
            (449, "futex_waitv", [.pointer, .unsigned, .bits, .input(.timespec), .named(.clock)]),
            (454, "futex_wake", [.pointer, .bits, .integer, .bits]),
            (455, "futex_wait", [.pointer, .bits, .bits, .bits, .input(.timespec), .named(.clock)]),
            (456, "futex_requeue", [.pointer, .bits, .integer, .integer]),
        ])
        + Refusal(errno: ENOSYS, note: "libc does without restartable sequences").rows([
            (334, "rseq", [.bits, .bits, .bits, .bits])
        ])
}
