// Pointers that point nowhere, handed to system calls: EFAULT, for every call and every kind of nowhere, and the
// program lives. The calls are made raw: libc's wrappers would look at the memory themselves.
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { PAGE = 4096, POINTER = -77777, NULL_IS_FINE = 1 };
static char good[PAGE] __attribute__((aligned(64)));
static int pipe_read, pipe_write, epoll, null_device, datagram;
static int option_length = 4;

// POINTER marks the argument that is bad; descriptors are given by address, because they are not known yet.
struct call {
    const char *name;
    long number;
    int *descriptor;
    long arguments[6];
    int flags;
};
#define GOOD ((long)good)

static void check_all(long bad) {
    const struct call calls[] = {
        { "read", SYS_read, &pipe_read, { 0, POINTER, 16 }, 0 },
        { "write", SYS_write, &pipe_write, { 0, POINTER, 16 }, 0 },
        { "readv", SYS_readv, &pipe_read, { 0, POINTER, 1 }, 0 },
        { "writev", SYS_writev, &pipe_write, { 0, POINTER, 2 }, 0 },
        { "open", SYS_open, NULL, { POINTER, O_RDONLY }, 0 },
        { "openat", SYS_openat, NULL, { AT_FDCWD, POINTER, O_RDONLY }, 0 },
        { "stat path", SYS_stat, NULL, { POINTER, GOOD }, 0 },
        { "stat", SYS_stat, NULL, { (long)"/", POINTER }, 0 },
        { "lstat", SYS_lstat, NULL, { (long)"/", POINTER }, 0 },
        { "fstat", SYS_fstat, &pipe_read, { 0, POINTER }, 0 },
        { "newfstatat", SYS_newfstatat, NULL, { AT_FDCWD, (long)"/", POINTER, 0 }, 0 },
        { "statx", SYS_statx, NULL, { AT_FDCWD, (long)"/", 0, 0x7ff, POINTER }, 0 },
        { "access", SYS_access, NULL, { POINTER, 0 }, 0 },
        { "chdir", SYS_chdir, NULL, { POINTER }, 0 },
        { "getcwd", SYS_getcwd, NULL, { POINTER, 4096 }, 0 },
        { "readlink", SYS_readlink, NULL, { (long)"/proc/self/exe", POINTER, 100 }, 0 },
        { "rename", SYS_rename, NULL, { POINTER, GOOD }, 0 },
        { "mkdir", SYS_mkdir, NULL, { POINTER, 0700 }, 0 },
        { "unlink", SYS_unlink, NULL, { POINTER }, 0 },
        { "rt_sigaction", SYS_rt_sigaction, NULL, { SIGUSR1, POINTER, 0, 8 }, NULL_IS_FINE },
        { "rt_sigaction old", SYS_rt_sigaction, NULL, { SIGUSR1, 0, POINTER, 8 }, NULL_IS_FINE },
        { "rt_sigprocmask", SYS_rt_sigprocmask, NULL, { SIG_BLOCK, POINTER, 0, 8 }, NULL_IS_FINE },
        { "rt_sigprocmask old", SYS_rt_sigprocmask, NULL, { SIG_BLOCK, 0, POINTER, 8 }, NULL_IS_FINE },
        { "rt_sigpending", SYS_rt_sigpending, NULL, { POINTER, 8 }, 0 },
        { "rt_sigsuspend", SYS_rt_sigsuspend, NULL, { POINTER, 8 }, 0 },
        { "rt_sigtimedwait", SYS_rt_sigtimedwait, NULL, { POINTER, 0, 0, 8 }, 0 },
        { "sigaltstack", SYS_sigaltstack, NULL, { POINTER, 0 }, NULL_IS_FINE },
        { "pipe2", SYS_pipe2, NULL, { POINTER, 0 }, 0 },
        { "socketpair", SYS_socketpair, NULL, { AF_UNIX, SOCK_STREAM, 0, POINTER }, 0 },
        { "sendto", SYS_sendto, &datagram, { 0, POINTER, 16, MSG_DONTWAIT, 0, 0 }, 0 },
        { "sendmsg", SYS_sendmsg, &datagram, { 0, POINTER, MSG_DONTWAIT }, 0 },
        { "recvmsg", SYS_recvmsg, &datagram, { 0, POINTER, MSG_DONTWAIT }, 0 },
        { "bind", SYS_bind, &datagram, { 0, POINTER, 16 }, 0 },
        { "getsockname", SYS_getsockname, &datagram, { 0, GOOD, POINTER }, 0 },
        { "getsockopt", SYS_getsockopt, &datagram, { 0, SOL_SOCKET, SO_TYPE, POINTER, (long)&option_length }, 0 },
        { "poll", SYS_poll, NULL, { POINTER, 1, 0 }, 0 },
        { "select", SYS_select, NULL, { 1, POINTER, 0, 0, GOOD }, NULL_IS_FINE },
        { "epoll_ctl", SYS_epoll_ctl, &epoll, { 0, EPOLL_CTL_ADD, 0, POINTER }, 0 },
        { "nanosleep", SYS_nanosleep, NULL, { POINTER, 0 }, 0 },
        { "clock_nanosleep", SYS_clock_nanosleep, NULL, { CLOCK_MONOTONIC, 0, POINTER, 0 }, 0 },
        { "clock_gettime", SYS_clock_gettime, NULL, { CLOCK_MONOTONIC, POINTER }, 0 },
        { "clock_getres", SYS_clock_getres, NULL, { CLOCK_MONOTONIC, POINTER }, NULL_IS_FINE },
        { "gettimeofday", SYS_gettimeofday, NULL, { POINTER, 0 }, NULL_IS_FINE },
        { "time", SYS_time, NULL, { POINTER }, NULL_IS_FINE },
        { "times", SYS_times, NULL, { POINTER }, NULL_IS_FINE },
        { "getitimer", SYS_getitimer, NULL, { 0, POINTER }, 0 },
        { "setitimer", SYS_setitimer, NULL, { 0, POINTER, 0 }, NULL_IS_FINE },
        { "uname", SYS_uname, NULL, { POINTER }, 0 },
        { "sysinfo", SYS_sysinfo, NULL, { POINTER }, 0 },
        { "getrlimit", SYS_getrlimit, NULL, { 7, POINTER }, 0 },
        { "prlimit64", SYS_prlimit64, NULL, { 0, 7, POINTER, 0 }, NULL_IS_FINE },
        { "getrusage", SYS_getrusage, NULL, { 0, POINTER }, 0 },
        { "getrandom", SYS_getrandom, NULL, { POINTER, 16, 0 }, 0 },
        { "sched_getaffinity", SYS_sched_getaffinity, NULL, { 0, 128, POINTER }, 0 },
        { "futex wait", SYS_futex, NULL, { POINTER, 128, 0, 0, 0, 0 }, 0 },
        { "futex timeout", SYS_futex, NULL, { GOOD, 128, 0, POINTER, 0, 0 }, NULL_IS_FINE },
        { "prctl", SYS_prctl, NULL, { 16, POINTER }, 0 }, // PR_GET_NAME
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (bad == 0 && (calls[i].flags & NULL_IS_FINE)) continue;
        long a[6];
        for (int j = 0; j < 6; j++) a[j] = calls[i].arguments[j] == POINTER ? bad : calls[i].arguments[j];
        if (calls[i].descriptor) a[0] = *calls[i].descriptor;
        long result = syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (result != -1 || errno != EFAULT)
            check_failed(__FILE__, __LINE__, "%s with %#lx gives %ld", calls[i].name, bad, result);
    }
}

static void edges(char *pages) { // one good page, then nothing
    char *end = pages + PAGE;
    // What matters is what is really touched: a short read into the last bytes of a page is fine whatever length was
    // asked for.
    CHECK_EQUAL(write(pipe_write, "0123456789", 10), 10);
    CHECK_EQUAL(syscall(SYS_read, pipe_read, end - 10, 1L << 40), 10);
    CHECK(memcmp(end - 10, "0123456789", 10) == 0);
    CHECK_FAILS(syscall(SYS_write, pipe_write, end, 1), EFAULT);
    CHECK_EQUAL(syscall(SYS_write, null_device, pages, 1L << 40), 0x7ffff000); // lengths are cut to this
    CHECK_FAILS(syscall(SYS_write, null_device, pages, -1L), EFAULT);          // wraps around: not a range at all
    CHECK_FAILS(syscall(SYS_read, pipe_read, pages, 1L << 62), EFAULT);
    // A string may end with the page, but must end there.
    memset(pages, 'a', PAGE);
    CHECK_FAILS(syscall(SYS_open, end - 20, O_RDONLY), EFAULT);
    CHECK_FAILS(syscall(SYS_open, pages, O_RDONLY), ENAMETOOLONG); // a page is PATH_MAX: no need to look further
    end[-1] = 0;
    CHECK_FAILS(syscall(SYS_open, end - 20, O_RDONLY), ENOENT);
    // Read-only memory cannot be read into, but be written from.
    CHECK(mprotect(pages, PAGE, PROT_READ) == 0);
    CHECK_FAILS(syscall(SYS_uname, pages), EFAULT);
    CHECK_EQUAL(syscall(SYS_write, pipe_write, pages, 10), 10);
    CHECK_FAILS(syscall(SYS_read, pipe_read, pages, 10), EFAULT);
}

int main(void) {
    int ends[2], sockets[2];
    CHECK(pipe2(ends, O_NONBLOCK) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) == 0);
    pipe_read = ends[0], pipe_write = ends[1], datagram = sockets[0];
    epoll = epoll_create1(0);
    null_device = open("/dev/null", O_RDWR);
    CHECK(epoll >= 0 && null_device >= 0);

    // Low, because a range of a terabyte starting here must still be one that user space may have.
    char *pages = mmap((void *)(4L << 30), 3 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(pages != MAP_FAILED && munmap(pages + PAGE, PAGE) == 0 && mprotect(pages + 2 * PAGE, PAGE, PROT_NONE) == 0);
    const long bad[] = {
        0,
        8,
        (long)pages + PAGE,
        (long)pages + 2 * PAGE + 64, // nothing at all, a hole, memory without permission
        0x7ffffffff000,
        0x800000000000,
        0x8000000000000000, // the end of user space and what cannot be an address
        (long)0xffff888000000000,
        (long)0xffffffff81000000,
        -PAGE,
        -64, // the kernel's half
    };
    CHECK_EQUAL(write(pipe_write, good, 1), 1); // so that reads have something to deliver
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_all(bad[i]);
        // A read that failed may have used up the byte or not; and some time passed with a timer never set.
        if (read(pipe_read, good, 1) == 1) CHECK_EQUAL(good[0], 0);
        CHECK_EQUAL(write(pipe_write, good, 1), 1);
    }
    CHECK_EQUAL(read(pipe_read, good, 1), 1);
    printf("every call gave EFAULT\n");
    edges(pages);
    return check_ok();
}
