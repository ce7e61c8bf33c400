import Glibc

/// Refused calls that are about the machine rather than the program, or that no kernel has any more.
extension SyscallTable {
    static let administration: [Syscall] =
        Refusal(errno: EPERM, note: "the host's clocks are not the guest's to set").rows([
            (164, "settimeofday", [.pointer, .pointer]),
            (227, "clock_settime", [.number, .pointer]),
        ])
        + Refusal(errno: EPERM, note: "a guest does not administer the machine").rows([
            (103, "syslog", [.number, .pointer, .size]),
            (153, "vhangup", []),
            (163, "acct", [.path]),
            (167, "swapon", [.path, .flags]),
            (168, "swapoff", [.path]),
            (169, "reboot", [.number, .number, .number, .pointer]),
            (170, "sethostname", [.string, .size]),
            (171, "setdomainname", [.string, .size]),
            (172, "iopl", [.number]),
            (173, "ioperm", [.number, .number, .number]),
            (175, "init_module", [.pointer, .size, .string]),
            (176, "delete_module", [.string, .flags]),
            (179, "quotactl", [.number, .path, .number, .pointer]),
            (246, "kexec_load", [.number, .size, .pointer, .flags]),
            (313, "finit_module", [.descriptor, .string, .flags]),
            (320, "kexec_file_load", [.descriptor, .descriptor, .size, .string, .flags]),
            (443, "quotactl_fd", [.descriptor, .number, .number, .pointer]),
        ])

    static let namespaces: [Syscall] =
        Refusal(errno: EPERM, note: "a guest sees the file system and the namespaces that it was started in").rows([
            (155, "pivot_root", [.path, .path]),
            (161, "chroot", [.path]),
            (165, "mount", [.string, .path, .string, .flags, .pointer]),
            (166, "umount2", [.path, .flags]),
            (272, "unshare", [.flags]),
            (308, "setns", [.descriptor, .flags]),
            (428, "open_tree", [.directory, .path, .flags]),
            (429, "move_mount", [.directory, .path, .directory, .path, .flags]),
            (430, "fsopen", [.string, .flags]),
            (431, "fsconfig", [.descriptor, .number, .string, .pointer, .number]),
            (432, "fsmount", [.descriptor, .flags, .flags]),
            (433, "fspick", [.directory, .path, .flags]),
            (442, "mount_setattr", [.directory, .path, .flags, .pointer, .size]),
            (467, "open_tree_attr", [.directory, .path, .flags, .pointer, .size]),
        ])
        + Refusal(errno: ENOSYS, note: "mounts are listed in /proc/self/mountinfo").rows([
            (457, "statmount", [.pointer, .pointer, .size, .flags]),
            (458, "listmount", [.pointer, .pointer, .size, .flags]),
        ])

    static let security: [Syscall] =
        Refusal(errno: EINVAL, note: "a filter would meet the supervisor's own calls; sandboxed programs do without")
        .rows([
            (317, "seccomp", [.number, .flags, .pointer])
        ])
        + Refusal(errno: ENOSYS, note: "restrictions would bind the supervisor; programs see a kernel without them")
        .rows([
            (444, "landlock_create_ruleset", [.pointer, .size, .flags]),
            (445, "landlock_add_rule", [.descriptor, .number, .pointer, .flags]),
            (446, "landlock_restrict_self", [.descriptor, .flags]),
            (459, "lsm_get_self_attr", [.number, .pointer, .pointer, .flags]),
            (460, "lsm_set_self_attr", [.number, .pointer, .size, .flags]),
            (461, "lsm_list_modules", [.pointer, .pointer, .flags]),
        ])
        + Refusal(errno: EPERM, note: "programs for the host's kernel are not a guest's to load").rows([
            (321, "bpf", [.number, .pointer, .size])
        ])
        + Refusal(errno: ENOSYS, note: "keys live in the host's kernel, where no mirror has them").rows([
            (248, "add_key", [.string, .string, .pointer, .size, .number]),
            (249, "request_key", [.string, .string, .string, .number]),
            (250, "keyctl", [.number, .number, .number, .number, .number]),
        ])
        + Refusal(errno: ENOSYS, note: "only the host's kernel itself calls it").rows([
            (335, "uretprobe", []),
            (336, "uprobe", []),
        ])

    static let obsolete: [Syscall] =
        Refusal(errno: ENOSYS, note: "obsolete: no current program uses it, and most kernels answer the same").rows([
            (134, "uselib", [.path]),
            (136, "ustat", [.number, .pointer]),
            (139, "sysfs", [.number, .number, .number]),
            (156, "_sysctl", [.pointer]),
            (174, "create_module", [.string, .size]),
            (177, "get_kernel_syms", [.pointer]),
            (178, "query_module", [.string, .number, .pointer, .size, .pointer]),
            (180, "nfsservctl", [.number, .pointer, .pointer]),
            (181, "getpmsg", []),
            (182, "putpmsg", []),
            (183, "afs_syscall", []),
            (184, "tuxcall", []),
            (185, "security", []),
            (205, "set_thread_area", [.pointer]),
            (211, "get_thread_area", [.pointer]),
            (212, "lookup_dcookie", [.number, .pointer, .size]),
            (214, "epoll_ctl_old", []),
            (215, "epoll_wait_old", []),
            (236, "vserver", []),
        ])
}
