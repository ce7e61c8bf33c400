import SyscallShapes
import Testing

@testable import GuestKernel

@Suite("argument kinds")
struct ArgumentKindTests {
    private static let rows = SyscallTable.families.flatMap { $0 }

    /// How many arguments Linux's SYSCALL_DEFINEs have (include/linux/syscalls.h); none where no kernel has the call.
    private static let counts: [Int: String] = [
        0: """
        afs_syscall epoll_ctl_old epoll_wait_old fork getegid geteuid getgid getpgrp getpid getpmsg getppid
        gettid getuid inotify_init munlockall pause putpmsg restart_syscall rt_sigreturn sched_yield
        security setsid sync tuxcall uprobe uretprobe vfork vhangup vserver
        """,
        1: """
        _sysctl acct adjtimex alarm brk chdir chroot close dup epoll_create epoll_create1 eventfd exit
        exit_group fchdir fdatasync fsync get_kernel_syms get_thread_area getpgid getsid inotify_init1
        io_destroy iopl memfd_secret mlockall mq_unlink personality pipe pkey_free rmdir
        sched_get_priority_max sched_get_priority_min sched_getscheduler set_thread_area set_tid_address
        setfsgid setfsuid setgid setuid shmdt swapoff syncfs sysinfo time timer_delete timer_getoverrun
        times umask uname unlink unshare uselib userfaultfd
        """,
        2: """
        access arch_prctl capget capset chmod clock_adjtime clock_getres clock_gettime clock_settime clone3
        creat create_module delete_module dup2 eventfd2 fanotify_init fchmod flock fremovexattr fsopen fstat
        fstatfs ftruncate getcwd getgroups getitimer getpriority getrlimit getrusage gettimeofday
        inotify_rm_watch io_setup io_uring_setup ioprio_get kill landlock_restrict_self link listen
        lremovexattr lstat memfd_create mkdir mlock mq_notify msgget munlock munmap nanosleep pidfd_open
        pipe2 pivot_root pkey_alloc process_mrelease removexattr rename rt_sigpending rt_sigsuspend
        sched_getparam sched_rr_get_interval sched_setparam set_robust_list setdomainname setgroups
        sethostname setns setpgid setregid setreuid setrlimit settimeofday shutdown sigaltstack stat statfs
        swapon symlink timer_gettime timerfd_create timerfd_gettime tkill truncate umount2 ustat utime
        utimes
        """,
        3: """
        accept bind bpf chown close_range connect dup3 execve faccessat fchmodat fchown fcntl finit_module
        flistxattr fsmount fspick futimesat get_robust_list getcpu getdents getdents64 getpeername getrandom
        getresgid getresuid getsockname init_module inotify_add_watch io_cancel io_submit ioctl ioperm
        ioprio_set landlock_create_ruleset lchown listxattr llistxattr lookup_dcookie lseek lsm_list_modules
        madvise map_shadow_stack membarrier mincore mkdirat mknod mlock2 modify_ldt mprotect mq_getsetattr
        mseal msgctl msync nfsservctl open open_by_handle_at open_tree pidfd_getfd poll read readahead
        readlink readv recvmsg rt_sigqueueinfo sched_getaffinity sched_setaffinity sched_setattr
        sched_setscheduler seccomp semget semop sendmsg set_mempolicy setitimer setpriority setresgid
        setresuid shmat shmctl shmget signalfd socket symlinkat sysfs syslog tgkill timer_create unlinkat
        write writev
        """,
        4: """
        accept4 cachestat clock_nanosleep epoll_ctl epoll_wait faccessat2 fadvise64 fallocate fchmodat2
        fgetxattr futex_requeue futex_wake getxattr io_uring_register kexec_load landlock_add_rule lgetxattr
        listmount lsm_get_self_attr lsm_set_self_attr migrate_pages mknodat mq_open msgsnd newfstatat openat
        openat2 pidfd_send_signal pkey_mprotect pread64 prlimit64 ptrace pwrite64 quotactl quotactl_fd
        readlinkat reboot removexattrat renameat request_key rseq rt_sigaction rt_sigprocmask
        rt_sigtimedwait rt_tgsigqueueinfo sched_getattr semctl semtimedop sendfile sendmmsg
        set_mempolicy_home_node signalfd4 socketpair statmount sync_file_range tee timer_settime
        timerfd_settime utimensat vmsplice wait4
        """,
        5: """
        add_key clone execveat fanotify_mark fchownat file_getattr file_setattr fsconfig fsetxattr
        futex_waitv get_mempolicy getsockopt io_getevents kcmp kexec_file_load keyctl linkat listxattrat
        lsetxattr mount mount_setattr move_mount mq_timedreceive mq_timedsend mremap msgrcv
        name_to_handle_at open_tree_attr perf_event_open ppoll prctl preadv process_madvise pwritev
        query_module recvmmsg remap_file_pages renameat2 select setsockopt setxattr statx waitid
        """,
        6: """
        copy_file_range epoll_pwait epoll_pwait2 futex futex_wait getxattrat io_pgetevents io_uring_enter
        mbind mmap move_pages preadv2 process_vm_readv process_vm_writev pselect6 pwritev2 recvfrom sendto
        setxattrat splice
        """,
    ]

    @Test("are there for every argument that Linux has")
    func complete() {
        var known: [String: Int] = [:]
        for (count, names) in Self.counts {
            for name in names.split(whereSeparator: \.isWhitespace) { known[String(name)] = count }
        }
        for row in Self.rows { #expect(row.arguments.count == known[row.name], "\(row.name)") }
        #expect(known.count == Self.rows.count)
    }

    @Test("depend on other arguments only until these are known")
    func resolved() {
        let words: [UInt64] = [0, 1, 2, 9, 15, 16, 38, 41, 0x5401, 0x5413, 0x40_0000, 1030, .max]
        for row in Self.rows {
            let shape = SyscallTable.shapes[row.number]
            for first in words {
                for second in words {
                    let arguments = SyscallArguments(a: first, b: second, c: first, d: second, e: 4, f: 0)
                    let resolved = shape.resolved(for: arguments)
                    #expect(resolved.count <= row.arguments.count, "\(row.name)")
                    for index in 0..<resolved.count {
                        if case .selected = resolved.kinds[index] {
                            Issue.record("\(row.name)(\(first), \(second)): argument \(index) has no meaning")
                        }
                    }
                }
            }
        }
    }

    @Test("of lengths and counts name arguments that are there, and no memory")
    func extents() {
        for row in Self.rows {
            for kind in row.arguments {
                switch kind {
                case .input(_, let extent), .output(_, let extent), .update(_, let extent):
                    if case .count(let index) = extent {
                        #expect(!row.arguments[Int(index)].isPointer, "\(row.name)")
                    } else if case .pointed(let index) = extent {
                        #expect(row.arguments[Int(index)] == .update(.int32), "\(row.name)")
                    }
                default: break
                }
            }
        }
    }
}
