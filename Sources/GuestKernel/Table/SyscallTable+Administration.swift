import Glibc

/// Refused calls that are about the machine rather than the program, or that no kernel has any more.
extension SyscallTable {
    static let administration: [Syscall] =
        Refusal(errno: EPERM, note: "the host's clocks are not the guest's to set").rows([
            (164, "settimeofday", [.input(.timeval), .input(.timezone)]),
            (227, "clock_settime", [.named(.clock), .input(.timespec)]),
        ])
        + Refusal(errno: EPERM, note: "a guest does not administer the machine").rows([
            (103, "syslog", [.integer, .output(.bytes, .result), .size]),
            (153, "vhangup", []),
            (163, "acct", [.path]),
            (167, "swapon", [.path, .bits]),
            (168, "swapoff", [.path]),
            (169, "reboot", [.bits, .bits, .bits, .pointer]),
            (170, "sethostname", [.input(.bytes, .count(1)), .size]),
            (171, "setdomainname", [.input(.bytes, .count(1)), .size]),
            (172, "iopl", [.integer]),
            (173, "ioperm", [.size, .size, .integer]),
            (175, "init_module", [.pointer, .size, .string]),
            (176, "delete_module", [.string, .named(.openFlags)]),
            (179, "quotactl", [.bits, .path, .identity, .pointer]),
            (246, "kexec_load", [.pointer, .size, .pointer, .bits]),
            (313, "finit_module", [.descriptor, .string, .bits]),
            (320, "kexec_file_load", [.descriptor, .descriptor, .size, .input(.bytes, .count(2)), .bits]),
            (443, "quotactl_fd", [.descriptor, .bits, .identity, .pointer]),
        ])

    static let namespaces: [Syscall] =
        Refusal(errno: EPERM, note: "a guest sees the file system and the namespaces that it was started in").rows([
            (155, "pivot_root", [.path, .path]),
            (161, "chroot", [.path]),
            (165, "mount", [.string, .path, .string, .named(.mountFlags), .pointer]),
            (166, "umount2", [.path, .named(.unmountFlags)]),
            (272, "unshare", [.named(.cloneFlags)]),
            (308, "setns", [.descriptor, .named(.cloneFlags)]),
            (428, "open_tree", [.directory, .path, .bits]),
            (429, "move_mount", [.directory, .path, .directory, .path, .bits]),
            (430, "fsopen", [.string, .bits]),
            (431, "fsconfig", [.descriptor, .integer, .string, .pointer, .integer]),
            (432, "fsmount", [.descriptor, .bits, .bits]),
            (433, "fspick", [.directory, .path, .bits]),
            (442, "mount_setattr", [.directory, .path, .placeFlags, .pointer, .size]),
            (467, "open_tree_attr", [.directory, .path, .bits, .pointer, .size]),
        ])
        + Refusal(errno: ENOSYS, note: "mounts are listed in /proc/self/mountinfo").rows([
            (457, "statmount", [.pointer, .pointer, .size, .bits]),
            (458, "listmount", [.pointer, .pointer, .size, .bits]),
        ])

    static let security: [Syscall] =
        Refusal(errno: EINVAL, note: "a filter would meet the supervisor's own calls; sandboxed programs do without")
        .rows([
            (317, "seccomp", [.integer, .bits, .pointer])
        ])
        + Refusal(errno: ENOSYS, note: "restrictions would bind the supervisor; programs see a kernel without them")
        .rows([
            (444, "landlock_create_ruleset", [.pointer, .size, .bits]),
            (445, "landlock_add_rule", [.descriptor, .integer, .pointer, .bits]),
            (446, "landlock_restrict_self", [.descriptor, .bits]),
            (459, "lsm_get_self_attr", [.integer, .pointer, .pointer, .bits]),
            (460, "lsm_set_self_attr", [.integer, .pointer, .size, .bits]),
            (461, "lsm_list_modules", [.pointer, .pointer, .bits]),
        ])
        + Refusal(errno: EPERM, note: "programs for the host's kernel are not a guest's to load").rows([
            (321, "bpf", [.integer, .pointer, .size])
        ])
        + Refusal(errno: ENOSYS, note: "keys live in the host's kernel, where no mirror has them").rows([
            (248, "add_key", [.string, .string, .input(.bytes, .count(3)), .size, .integer]),
            (249, "request_key", [.string, .string, .string, .integer]),
            (250, "keyctl", [.integer, .bits, .bits, .bits, .bits]),
        ])
        + Refusal(errno: ENOSYS, note: "only the host's kernel itself calls it").rows([
            (335, "uretprobe", []),
            (336, "uprobe", []),
        ])

    static let obsolete: [Syscall] =
        Refusal(errno: ENOSYS, note: "obsolete: no current program uses it, and most kernels answer the same").rows([
            (134, "uselib", [.path]),
            (136, "ustat", [.device, .pointer]),
            (139, "sysfs", [.bits, .bits, .bits]),
            (156, "_sysctl", [.pointer]),
            (174, "create_module", [.bits, .bits]),
            (177, "get_kernel_syms", [.pointer]),
            (178, "query_module", [.bits, .bits, .bits, .bits, .bits]),
            (180, "nfsservctl", [.bits, .bits, .bits]),
            (181, "getpmsg", []),
            (182, "putpmsg", []),
            (183, "afs_syscall", []),
            (184, "tuxcall", []),
            (185, "security", []),
            (205, "set_thread_area", [.pointer]),
            (211, "get_thread_area", [.pointer]),
            (212, "lookup_dcookie", [.size, .output(.path, .result), .size]),
            (214, "epoll_ctl_old", []),
            (215, "epoll_wait_old", []),
            (236, "vserver", []),
        ])
}
