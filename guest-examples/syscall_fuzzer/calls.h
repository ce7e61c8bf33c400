// The calls, and of which kind each of their arguments is: arguments.h has the kinds.
#ifndef FUZZER_CALLS_H
#define FUZZER_CALLS_H

#include "surroundings.h"

struct call {
    short number;
    unsigned char weight;
    const char *kinds;
};

static const struct call calls[] = {
    // Memory
    { SYS_mmap, 12, "aLwMdo" }, { SYS_mprotect, 8, "aLw" }, { SYS_munmap, 6, "aL" }, { SYS_brk, 2, "B" },
    { SYS_mremap, 8, "aLLra" }, { SYS_msync, 2, "aLf" }, { SYS_mincore, 2, "aLb" }, { SYS_madvise, 6, "aLV" },
    { SYS_mlock, 1, "aK" }, { SYS_munlock, 1, "aL" }, { SYS_mlock2, 1, "aKi" }, { SYS_mlockall, 1, "i" },
    // Threads
    { SYS_sched_yield, 1, "" }, { SYS_gettid, 1, "" }, { SYS_set_tid_address, 1, "b" },
    { SYS_set_robust_list, 1, "bl" }, { SYS_get_robust_list, 1, "tbb" }, { SYS_arch_prctl, 2, "Gb" },
    { SYS_futex, 10, "xXuTxu" }, { SYS_membarrier, 1, "iii" },
    // Signals
    { SYS_rt_sigaction, 6, "sAb8" }, { SYS_rt_sigprocmask, 6, "iqb8" }, { SYS_pause, 1, "" },
    { SYS_rt_sigpending, 1, "b8" }, { SYS_rt_sigtimedwait, 2, "qbT8" }, { SYS_rt_sigsuspend, 1, "q8" },
    { SYS_sigaltstack, 2, "jb" }, { SYS_kill, 4, "ts" }, { SYS_tkill, 4, "ts" }, { SYS_tgkill, 4, "tts" },
    { SYS_rt_sigqueueinfo, 2, "tsb" }, { SYS_rt_tgsigqueueinfo, 2, "ttsb" }, { SYS_pidfd_open, 1, "tf" },
    { SYS_pidfd_send_signal, 1, "dsbf" }, { SYS_rt_sigreturn, 1, "" },
    // Time
    { SYS_nanosleep, 1, "Tb" }, { SYS_getitimer, 1, "ib" }, { SYS_alarm, 1, "i" }, { SYS_setitimer, 2, "iOb" },
    { SYS_gettimeofday, 1, "bb" }, { SYS_settimeofday, 1, "bb" }, { SYS_adjtimex, 1, "b" }, { SYS_time, 1, "b" },
    { SYS_timer_create, 3, "kEb" }, { SYS_timer_settime, 3, "iiOb" }, { SYS_timer_gettime, 1, "ib" },
    { SYS_timer_getoverrun, 1, "i" }, { SYS_timer_delete, 3, "i" }, { SYS_clock_gettime, 1, "kb" },
    { SYS_clock_getres, 1, "kb" }, { SYS_clock_nanosleep, 1, "kiTb" }, { SYS_clock_adjtime, 1, "kb" },
    { SYS_clock_settime, 1, "kb" },
    // Process and identity
    { SYS_wait4, 1, "tbfb" }, { SYS_waitid, 1, "itbfb" }, { SYS_uname, 1, "b" }, { SYS_sysinfo, 1, "b" },
    { SYS_personality, 1, "f" }, { SYS_prctl, 6, "HbuUU" }, { SYS_getrandom, 1, "blf" }, { SYS_getrlimit, 1, "ib" },
    { SYS_setrlimit, 1, "iR" }, { SYS_prlimit64, 3, "tiRb" }, { SYS_getrusage, 1, "ib" }, { SYS_times, 1, "b" },
    { SYS_getpriority, 1, "0t" }, { SYS_setpriority, 1, "0ti" }, { SYS_sched_setparam, 1, "tb" },
    { SYS_sched_getparam, 1, "tb" }, { SYS_sched_setscheduler, 1, "tib" }, { SYS_sched_getscheduler, 1, "t" },
    { SYS_sched_get_priority_max, 1, "i" }, { SYS_sched_rr_get_interval, 1, "tb" }, { SYS_sched_setaffinity, 1, "tlb" },
    { SYS_sched_getaffinity, 1, "tlb" }, { SYS_ioprio_set, 1, "1ti" }, { SYS_ioprio_get, 1, "1t" },
    { SYS_getcpu, 1, "bbb" }, { SYS_sched_setattr, 1, "tbf" }, { SYS_sched_getattr, 1, "tblf" },
    { SYS_setpgid, 1, "tt" }, { SYS_setsid, 1, "" }, { SYS_getpgid, 1, "t" }, { SYS_getsid, 1, "t" },
    { SYS_getuid, 1, "" }, { SYS_setuid, 1, "i" }, { SYS_setresuid, 1, "iii" }, { SYS_setgroups, 1, "lb" },
    { SYS_getgroups, 1, "lb" }, { SYS_capget, 2, "bb" }, { SYS_capset, 2, "bb" }, { SYS_umask, 1, "f" },
    // Files
    { SYS_open, 6, "pFi" }, { SYS_openat, 6, "PpFi" }, { SYS_openat2, 3, "Ppbl" }, { SYS_creat, 1, "pi" },
    { SYS_fstat, 2, "db" }, { SYS_lseek, 4, "doi" }, { SYS_fsync, 1, "d" }, { SYS_ftruncate, 2, "dl" },
    { SYS_fchdir, 1, "d" }, { SYS_fchmod, 1, "di" }, { SYS_fstatfs, 1, "db" }, { SYS_fsetxattr, 1, "dpbli" },
    { SYS_fgetxattr, 1, "dpbl" }, { SYS_flistxattr, 1, "dbl" }, { SYS_getdents, 2, "dbl" },
    { SYS_getdents64, 3, "dbl" }, { SYS_fadvise64, 1, "dolV" }, { SYS_readahead, 1, "dol" },
    { SYS_sync_file_range, 1, "dolf" }, { SYS_fallocate, 2, "dfoZ" }, { 451, 1, "dbbf" } /* cachestat */,
    { SYS_read, 8, "dbl" }, { SYS_write, 8, "dbl" }, { SYS_pread64, 4, "dblo" }, { SYS_pwrite64, 4, "dblo" },
    { SYS_readv, 4, "dvc" }, { SYS_writev, 4, "dvc" }, { SYS_preadv, 2, "dvco0" }, { SYS_pwritev, 2, "dvco0" },
    { SYS_preadv2, 2, "dvco0f" }, { SYS_pwritev2, 2, "dvco0f" },
    { SYS_process_vm_readv, 3, "tvcvc0" }, { SYS_process_vm_writev, 3, "tvcvc0" },
    { SYS_sendfile, 3, "ddbl" }, { SYS_splice, 4, "dbdblf" }, { SYS_tee, 2, "ddlf" }, { SYS_vmsplice, 3, "dvcf" },
    { SYS_copy_file_range, 2, "dbdbl0" }, { SYS_memfd_create, 2, "pf" },
    // Descriptors
    { SYS_close, 8, "D" }, { SYS_dup, 3, "d" }, { SYS_dup2, 5, "dD" }, { SYS_dup3, 4, "dDf" },
    { SYS_fcntl, 8, "dCb" }, { SYS_fcntl, 3, "dCd" }, { SYS_flock, 2, "di" }, { SYS_close_range, 1, "Ddf" },
    { SYS_ioctl, 5, "dIb" }, { SYS_ioctl, 2, "dud" },
    // Paths
    { SYS_stat, 2, "pb" }, { SYS_lstat, 1, "pb" }, { SYS_access, 1, "pi" }, { SYS_truncate, 1, "pl" },
    { SYS_chdir, 1, "p" }, { SYS_rename, 2, "pp" }, { SYS_mkdir, 1, "pi" }, { SYS_rmdir, 1, "p" },
    { SYS_link, 1, "pp" }, { SYS_unlink, 1, "p" }, { SYS_symlink, 1, "pp" }, { SYS_chmod, 1, "pi" },
    { SYS_chown, 1, "pii" }, { SYS_utime, 1, "pb" }, { SYS_mknod, 1, "pfi" }, { SYS_statfs, 1, "pb" },
    { SYS_setxattr, 1, "ppbli" }, { SYS_getxattr, 1, "ppbl" }, { SYS_listxattr, 1, "pbl" },
    { SYS_fchownat, 1, "Ppiif" }, { SYS_newfstatat, 2, "Ppbf" }, { SYS_unlinkat, 1, "Ppf" },
    { SYS_renameat2, 1, "PpPpi" }, { SYS_linkat, 1, "PpPpf" }, { SYS_symlinkat, 1, "pPp" },
    { SYS_utimensat, 1, "Ppbf" }, { SYS_statx, 2, "Ppffb" }, { SYS_getcwd, 1, "bl" }, { SYS_readlink, 2, "pbl" },
    { SYS_readlinkat, 2, "Ppbl" }, { SYS_mknodat, 1, "Ppfi" }, { SYS_inotify_add_watch, 2, "dpf" },
    { SYS_inotify_rm_watch, 1, "di" }, { SYS_chroot, 1, "p" }, { SYS_mount, 1, "pppfb" }, { SYS_swapon, 1, "pf" },
    // Objects and waiting
    { SYS_pipe2, 2, "bf" }, { SYS_eventfd2, 2, "if" }, { SYS_timerfd_create, 2, "kf" },
    { SYS_timerfd_settime, 3, "diOb" }, { SYS_timerfd_gettime, 1, "db" }, { SYS_signalfd4, 2, "dq8f" },
    { SYS_poll, 3, "gcN" }, { SYS_ppoll, 3, "gcTq8" }, { SYS_select, 2, "ibbbT" }, { SYS_pselect6, 2, "ibbbTb" },
    { SYS_epoll_create1, 1, "f" }, { SYS_epoll_ctl, 6, "didb" }, { SYS_epoll_wait, 2, "dbcN" },
    { SYS_epoll_pwait, 2, "dbcNq8" }, { SYS_epoll_pwait2, 2, "dbcTq8" },
    // Sockets
    { SYS_socket, 3, "yzi" }, { SYS_connect, 3, "dSl" }, { SYS_accept, 1, "dbb" }, { SYS_accept4, 2, "dbbf" },
    { SYS_sendto, 4, "dblfSl" }, { SYS_recvfrom, 4, "dblfbb" }, { SYS_sendmsg, 5, "dmf" }, { SYS_recvmsg, 5, "dmf" },
    { SYS_shutdown, 1, "di" }, { SYS_bind, 3, "dSl" }, { SYS_listen, 1, "di" }, { SYS_getsockname, 1, "dbb" },
    { SYS_getpeername, 1, "dbb" }, { SYS_socketpair, 3, "yzib" }, { SYS_setsockopt, 4, "diibl" },
    { SYS_getsockopt, 4, "diibb" }, { SYS_recvmmsg, 2, "dmcfT" }, { SYS_sendmmsg, 2, "dmcf" },
    // Ends: of a thread that was made for it, and in a wild run of everything.
    { SYS_clone, 2, "YWbbb" }, { SYS_clone3, 1, "Jl" }, { SYS_exit_group, 1, "i" },
};

enum { CALL_COUNT = sizeof calls / sizeof *calls };

// Those whose arguments are never left to chance alone, wherever their number comes from: they name other processes.
static int names_process(long number) {
    switch (number) {
    case SYS_kill: case SYS_tkill: case SYS_tgkill: case SYS_rt_sigqueueinfo: case SYS_rt_tgsigqueueinfo:
    case SYS_pidfd_open: case SYS_pidfd_send_signal: case SYS_setpriority: case SYS_ioprio_set: case SYS_prlimit64:
    case SYS_sched_setparam: case SYS_sched_setscheduler: case SYS_sched_setaffinity: case SYS_sched_setattr:
    case SYS_setpgid: return 1;
    default: return 0;
    }
}

static int makes_child(long number) {
    return number == SYS_fork || number == SYS_vfork || number == SYS_execve || number == SYS_execveat;
}

#endif
