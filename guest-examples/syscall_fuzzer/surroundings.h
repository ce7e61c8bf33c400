// What the fuzzer's calls are about: memory of every kind, descriptors, names, tasks, and how careful it has to be.
#ifndef FUZZER_SURROUNDINGS_H
#define FUZZER_SURROUNDINGS_H

#include "chance.h"
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <ucontext.h>

enum {
    PAGE = 4096,
    BUFFER_PAGES = 64,
    PLAYGROUND_PAGES = 4096,
    TASKS_MAX = 64,
    PIDS_MAX = 4 << 20, // of any kernel
    HOST_PLACES_MAX = 64,
    NUDGE = SIGUSR1,
    FIRST_DESCRIPTOR = 3,
};

// Everything that a guest keeps out of the supervisor's reach begins here.
static const uint64_t arena_end = 0x200000000000;

// A tame run spares what it needs to come to its end: standard descriptors, its own memory, the signals that end or
// stop it. A wild one may end at any moment, in any way.
static int is_wild;
// Whether fork, vfork, clone of processes and execve are among the calls.
static const int makes_children = 0;

static char *buffers;    // BUFFER_PAGES that can be read and written, then one that is not there
static char *read_only;  // a page
static char *closed;     // a page without any access
static char *playground; // where a tame run maps, protects and unmaps

static pid_t own_pid, own_threads[TASKS_MAX], host_tasks[TASKS_MAX];
static size_t host_task_count;
// Addresses of the supervisor's mappings, as far as the surroundings know them.
static uint64_t host_places[HOST_PLACES_MAX];
static size_t host_place_count;
// On pages that no call may write to.
static struct {
    char scratch[PAGE], host_memory_path[64], host_task_path[64], long_name[5000];
} *texts;

static const char *const names[] = {
    "a", "b", "d", "d/x", "d/y", "link", "fifo", "socket", ".", "..", "", "/", "/dev/null", "/dev/zero", "/dev/full",
    "/dev/urandom", "/dev/ptmx", "/proc/self/mem", "/proc/self/maps", "/proc/self/smaps", "/proc/self/status",
    "/proc/self/stat", "/proc/self/fd", "/proc/self/fd/3", "/proc/self/fd/5", "/proc/self/fd/7", "/proc/self/fd/9",
    "/proc/self/fdinfo/4", "/proc/self/task", "/proc/self/exe", "/proc/self/cwd", "/proc/self/root/proc/self/mem",
    "/proc/self/environ", "/proc/self/auxv", "/proc/self/pagemap", "/proc/self/clear_refs", "/proc/self/map_files",
    "/proc/self/syscall", "/proc/self/mountinfo", "/proc/self/limits", "/proc/self/oom_score_adj", "/proc/self/comm",
    "/proc/self/task/../mem", "/proc/thread-self/mem", "/proc/thread-self/comm", "/proc/1/stat", "/proc", "/proc/stat",
    "/dev/fd/4", "/dev/fd/5", "user.fuzzer", "uid",
};

// One object of each kind, so that calls meet them. They get whatever numbers are free.
static void open_some(struct chance *chance) {
    int pair[2];
    switch (below(chance, 20)) {
    case 0: open("a", O_RDWR | O_CREAT, 0600); break;
    case 1: open("d", O_RDONLY | O_DIRECTORY); break;
    case 2: if (pipe2(pair, one_in(chance, 2) ? O_NONBLOCK : 0)) break; break;
    case 3: socketpair(AF_UNIX, SOCK_STREAM, 0, pair); break;
    case 4: socketpair(AF_UNIX, SOCK_DGRAM, 0, pair); break;
    case 5: socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair); break;
    case 6: socket(AF_INET, SOCK_DGRAM, 0); break;
    case 7: listen(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), 4); break;
    case 8: socket(AF_INET6, SOCK_STREAM, 0); break;
    case 9: socket(AF_NETLINK, SOCK_RAW, 0); break;
    case 10: eventfd(1, one_in(chance, 2) ? EFD_NONBLOCK : EFD_SEMAPHORE); break;
    case 11: timerfd_create(CLOCK_MONOTONIC, one_in(chance, 2) ? TFD_NONBLOCK : 0); break;
    case 12: epoll_create1(0); break;
    case 13: inotify_init1(IN_NONBLOCK); break;
    case 14: syscall(SYS_memfd_create, "fuzzer", 2); break;
    case 15: open("/dev/zero", O_RDWR); break;
    case 16: open("/dev/null", O_RDWR); break;
    case 17: open(ANY_OF(chance, names), O_RDONLY | O_NONBLOCK); break;
    case 18: open(".", O_RDWR | 020000000 | O_DIRECTORY, 0600); break; // O_TMPFILE
    default: {
        sigset_t set;
        sigfillset(&set);
        signalfd(-1, &set, SFD_NONBLOCK);
    }
    }
}

static void prepare_memory(void) {
    const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    buffers = mmap(NULL, (BUFFER_PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    read_only = mmap(NULL, PAGE, PROT_READ, anonymous, -1, 0);
    closed = mmap(NULL, PAGE, PROT_NONE, anonymous, -1, 0);
    texts = mmap(NULL, sizeof *texts, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    playground = mmap(NULL, PLAYGROUND_PAGES * PAGE, PROT_READ | PROT_WRITE, anonymous | MAP_NORESERVE, -1, 0);
    CHECK(buffers != MAP_FAILED && read_only != MAP_FAILED && closed != MAP_FAILED && texts != MAP_FAILED
          && playground != MAP_FAILED);
    CHECK(munmap(buffers + BUFFER_PAGES * PAGE, PAGE) == 0);
}

static void prepare_files(void) {
    CHECK(getcwd(texts->scratch, sizeof texts->scratch) != NULL);
    mkdir("d", 0700);
    symlink("a", "link") == 0 ? (void)0 : (void)errno;
    mkfifo("fifo", 0600);
    close(open("b", O_RDWR | O_CREAT, 0600));
}

// Once it is known which threads the supervisor has.
static void prepare_texts(void) {
    pid_t task = host_task_count ? host_tasks[host_task_count - 1] : own_pid + 1;
    snprintf(texts->host_memory_path, sizeof texts->host_memory_path, "/proc/%d/mem", own_pid);
    snprintf(texts->host_task_path, sizeof texts->host_task_path, "/proc/%d/mem", task);
    memset(texts->long_name, 'n', sizeof texts->long_name - 1);
    CHECK(mprotect(texts, sizeof *texts, PROT_READ) == 0);
}

#endif
