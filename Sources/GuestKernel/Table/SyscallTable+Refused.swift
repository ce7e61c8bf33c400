import Glibc

extension SyscallTable {
    /// Calls that libc tries at every start and does without: nobody is told of them.
    static let triedAtStart: Set<Int> = [334]

    static let refused: [Syscall] =
        children + systemV + messageQueues + asynchronousTransfers + otherProcesses + memoryPlacement
        + refusedFiles + administration + namespaces + security + lateFutexes + obsolete

    private static let children: [Syscall] =
        Refusal(errno: ENOSYS, note: "a guest has no child processes yet", isReported: true).rows([
            (57, "fork", []),
            (58, "vfork", []),
        ])
        + Refusal(errno: ENOSYS, note: "a guest cannot start another program yet", isReported: true).rows([
            (59, "execve", [.path, .pointer, .pointer]),
            (322, "execveat", [.directory, .path, .pointer, .pointer, .flags]),
        ])
        + Refusal(errno: ENOSYS, note: "a guest has no child processes yet").rows([
            (424, "pidfd_send_signal", [.descriptor, .signal, .pointer, .flags]),
            (434, "pidfd_open", [.processIdentity, .flags]),
            (438, "pidfd_getfd", [.descriptor, .number, .flags]),
        ])

    private static let systemV: [Syscall] =
        Refusal(
            errno: ENOSYS,
            note: "System V memory, semaphores and queues live outside the guest, where no mirror has them",
            isReported: true
        ).rows([
            (29, "shmget", [.number, .size, .flags]),
            (30, "shmat", [.number, .pointer, .flags]),
            (31, "shmctl", [.number, .number, .pointer]),
            (64, "semget", [.number, .number, .flags]),
            (65, "semop", [.number, .pointer, .size]),
            (66, "semctl", [.number, .number, .number, .number]),
            (67, "shmdt", [.pointer]),
            (68, "msgget", [.number, .flags]),
            (69, "msgsnd", [.number, .pointer, .size, .flags]),
            (70, "msgrcv", [.number, .pointer, .size, .number, .flags]),
            (71, "msgctl", [.number, .number, .pointer]),
            (220, "semtimedop", [.number, .pointer, .size, .pointer]),
        ])

    private static let messageQueues: [Syscall] =
        Refusal(
            errno: ENOSYS, note: "POSIX message queues live outside the guest, where no mirror has them",
            isReported: true
        ).rows([
            (240, "mq_open", [.string, .flags, .mode, .pointer]),
            (241, "mq_unlink", [.string]),
            (242, "mq_timedsend", [.descriptor, .pointer, .size, .number, .pointer]),
            (243, "mq_timedreceive", [.descriptor, .pointer, .size, .pointer, .pointer]),
            (244, "mq_notify", [.descriptor, .pointer]),
            (245, "mq_getsetattr", [.descriptor, .pointer, .pointer]),
        ])

    private static let asynchronousTransfers: [Syscall] =
        Refusal(errno: ENOSYS, note: "the host would do I/O in guest memory at its own time; use read and write").rows([
            (206, "io_setup", [.number, .pointer]),
            (207, "io_destroy", [.number]),
            (208, "io_getevents", [.number, .number, .number, .pointer, .pointer]),
            (209, "io_submit", [.number, .number, .pointer]),
            (210, "io_cancel", [.number, .pointer, .pointer]),
            (333, "io_pgetevents", [.number, .number, .number, .pointer, .pointer, .pointer]),
            (425, "io_uring_setup", [.number, .pointer]),
            (426, "io_uring_enter", [.descriptor, .number, .number, .flags, .pointer, .size]),
            (427, "io_uring_register", [.descriptor, .number, .pointer, .number]),
        ])

    private static let otherProcesses: [Syscall] =
        Refusal(errno: EPERM, note: "a debugger would be run beside the supervisor, not as its guest", isReported: true)
        .rows([(101, "ptrace", [.number, .processIdentity, .pointer, .pointer])])
        + Refusal(errno: EPERM, note: "other processes' memory, and the supervisor's, are out of a guest's reach").rows(
            [
                (310, "process_vm_readv", [.processIdentity, .pointer, .size, .pointer, .size, .flags]),
                (311, "process_vm_writev", [.processIdentity, .pointer, .size, .pointer, .size, .flags]),
            ])
        + Refusal(errno: ENOSYS, note: "it would show the supervisor's descriptors and memory").rows([
            (312, "kcmp", [.processIdentity, .processIdentity, .number, .number, .number]),
            (440, "process_madvise", [.descriptor, .pointer, .size, .number, .flags]),
            (448, "process_mrelease", [.descriptor, .flags]),
        ])
        + Refusal(errno: EPERM, note: "what it measured would be the supervisor").rows([
            (298, "perf_event_open", [.pointer, .processIdentity, .number, .descriptor, .flags])
        ])
        + Refusal(errno: EINTR, note: "only the kernel makes it; interrupted calls are continued here").rows([
            (219, "restart_syscall", [])
        ])

    private static let memoryPlacement: [Syscall] =
        Refusal(errno: ENOSYS, note: "memory is not placed on NUMA nodes; libraries see a machine without them").rows([
            (237, "mbind", [.pointer, .size, .number, .pointer, .number, .flags]),
            (238, "set_mempolicy", [.number, .pointer, .number]),
            (239, "get_mempolicy", [.pointer, .pointer, .number, .pointer, .flags]),
            (256, "migrate_pages", [.processIdentity, .number, .pointer, .pointer]),
            (279, "move_pages", [.processIdentity, .number, .pointer, .pointer, .pointer, .flags]),
            (450, "set_mempolicy_home_node", [.pointer, .size, .number, .flags]),
        ])
        + Refusal(errno: ENOSYS, note: "a guest's protection keys could lock the supervisor out of guest memory").rows([
            (329, "pkey_mprotect", [.pointer, .size, .flags, .number]),
            (330, "pkey_alloc", [.flags, .flags]),
            (331, "pkey_free", [.number]),
        ])
        + Refusal(errno: ENOSYS, note: "the supervisor tracks the guest's pages by it and cannot share it").rows([
            (323, "userfaultfd", [.flags])
        ])
        + Refusal(errno: ENOSYS, note: "16-bit and 32-bit segments (Wine, DOSEMU) are not part of a guest's state")
        .rows([(154, "modify_ldt", [.number, .pointer, .size])])
        + Refusal(errno: ENOSYS, note: "memory of this kind could not be read for a mirror").rows([
            (216, "remap_file_pages", [.pointer, .size, .flags, .size, .flags]),
            (447, "memfd_secret", [.flags]),
            (453, "map_shadow_stack", [.pointer, .size, .flags]),
            (462, "mseal", [.pointer, .size, .flags]),
        ])

    private static let refusedFiles: [Syscall] =
        Refusal(errno: ENOSYS, note: "programs fall back to the older call").rows([
            (463, "setxattrat", [.directory, .path, .flags, .string, .pointer, .size]),
            (464, "getxattrat", [.directory, .path, .flags, .string, .pointer, .size]),
            (465, "listxattrat", [.directory, .path, .flags, .pointer, .size]),
            (466, "removexattrat", [.directory, .path, .flags, .string]),
            (468, "file_getattr", [.directory, .path, .pointer, .size, .flags]),
            (469, "file_setattr", [.directory, .path, .pointer, .size, .flags]),
        ])
        + Refusal(errno: EOPNOTSUPP, note: "file handles name the host's inodes, which a mirror does not have").rows([
            (303, "name_to_handle_at", [.directory, .path, .pointer, .pointer, .flags])
        ])
        + Refusal(errno: EPERM, note: "file handles name the host's inodes, which a mirror does not have").rows([
            (304, "open_by_handle_at", [.descriptor, .pointer, .flags])
        ])
        + Refusal(errno: EPERM, note: "watching whole filesystems is for the host; inotify is there").rows([
            (300, "fanotify_init", [.flags, .flags]),
            (301, "fanotify_mark", [.descriptor, .flags, .number, .directory, .path]),
        ])

    private static let lateFutexes: [Syscall] =
        Refusal(errno: ENOSYS, note: "programs fall back to futex").rows([
            (449, "futex_waitv", [.pointer, .size, .flags, .pointer, .number]),
            (454, "futex_wake", [.pointer, .number, .number, .flags]),
            (455, "futex_wait", [.pointer, .number, .number, .flags, .pointer, .number]),
            (456, "futex_requeue", [.pointer, .flags, .number, .number]),
        ])
        + Refusal(errno: ENOSYS, note: "libc does without restartable sequences").rows([
            (334, "rseq", [.pointer, .size, .flags, .number])
        ])
}
