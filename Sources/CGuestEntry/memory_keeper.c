// Rules
// - The keeper runs `keep` and nothing else, on a stack of its own: raw calls only, as it has the thread-local storage
//   of the thread that made it, which goes on meanwhile.
#define _GNU_SOURCE
#include "include/memory_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/wait.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "close_others.h"
#include "include/host_call.h"

#define STACK_BYTES 4096
// A tenth of the time of who has priority 0: at 19, on a busy machine, a large guest's memory would be there for long.
#define LOW_PRIORITY 10
static const char low_priority[] = "10";

// A mirror on this machine needs some milliseconds to take over, and the processors for that.
#define REST_NANOSECONDS 50000000

#define START_PATIENCE_NANOSECONDS 10000000
#define START_ATTEMPTS 100

enum { is_starting, is_alone, has_failed };

static _Alignas(16) char stack[STACK_BYTES];
static long keeper;
/// A forked process has these variables, too, and no keeper.
static long owner;
static _Atomic uint32_t state;
/// A descriptor of the process's end; and all that the keeper keeps, in ascending order.
static int32_t process_end, kept_descriptors[2];
static uint64_t kept_count;

// In a session of its own nice counts among that session's only (sched(7)), unless the session is nice as well.
static void take_low_priority(void) {
    host_call(__NR_setpriority, PRIO_PROCESS, 0, LOW_PRIORITY, 0, 0, 0);
    long group = host_call(__NR_open, (uint64_t) "/proc/self/autogroup", O_WRONLY | O_CLOEXEC, 0, 0, 0, 0);
    if (group < 0) return;
    host_call(__NR_write, (uint64_t)group, (uint64_t)low_priority, sizeof low_priority - 1, 0, 0, 0);
    host_call(__NR_close, (uint64_t)group, 0, 0, 0, 0, 0);
}

static _Noreturn void leave(void) {
    while (1) host_call(__NR_exit_group, 0, 0, 0, 0, 0, 0);
}

static void announce(uint32_t outcome) {
    atomic_store(&state, outcome);
    host_call(__NR_futex, (uint64_t)&state, FUTEX_WAKE, 1, 0, 0, 0);
}

static int keep(void *unused) {
    (void)unused;
    uint64_t everything = ~0ull;
    host_call(__NR_rt_sigprocmask, SIG_SETMASK, (uint64_t)&everything, 0, 8, 0, 0);
    // Its copies would keep connections open that are closed here: without this there is to be no keeper.
    if (!close_others(kept_descriptors, kept_count)) {
        announce(has_failed);
        leave();
    }
    host_call(__NR_prctl, PR_SET_NAME, (uint64_t) "memory-keeper", 0, 0, 0, 0);
    // Who ends the primary's group is not to end this one first.
    host_call(__NR_setsid, 0, 0, 0, 0, 0, 0);
    announce(is_alone);
    struct pollfd process = {.fd = process_end, .events = POLLIN};
    while (host_call(__NR_poll, (uint64_t)&process, 1, (uint64_t)-1, 0, 0, 0) <= 0) continue;
    take_low_priority();
    const struct timespec rest = {.tv_nsec = REST_NANOSECONDS};
    host_call(__NR_nanosleep, (uint64_t)&rest, 0, 0, 0, 0, 0);
    leave();
}

static void end_keeper(long pid) {
    // One that cannot be killed is not waited for.
    long killed = host_call(__NR_kill, (uint64_t)pid, SIGKILL, 0, 0, 0, 0);
    host_call(__NR_wait4, (uint64_t)pid, 0, killed == 0 ? __WALL : __WALL | WNOHANG, 0, 0, 0);
}

/// Whether it has only what it is to have. It may have been killed before that.
static bool is_ready(void) {
    const struct timespec patience = {.tv_nsec = START_PATIENCE_NANOSECONDS};
    for (int attempt = 0; attempt < START_ATTEMPTS && atomic_load(&state) == is_starting; attempt++) {
        host_call(__NR_futex, (uint64_t)&state, FUTEX_WAIT, is_starting, (uint64_t)&patience, 0, 0);
    }
    return atomic_load(&state) == is_alone;
}

int64_t memory_keeper_start(int32_t kept) {
    owner = host_call(__NR_getpid, 0, 0, 0, 0, 0, 0);
    long end = host_call(__NR_pidfd_open, (uint64_t)owner, 0, 0, 0, 0, 0);
    if (end < 0) return end;
    process_end = (int32_t)end;
    kept_count = 0;
    if (kept >= 0 && kept < process_end) kept_descriptors[kept_count++] = kept;
    kept_descriptors[kept_count++] = process_end;
    if (kept > process_end) kept_descriptors[kept_count++] = kept;
    atomic_store(&state, is_starting);
    // No signal at its end: a wait of the guest's for any child does not see it. A table of descriptors of its own.
    long pid = clone(keep, stack + sizeof stack, CLONE_VM, NULL);
    int64_t result = pid < 0 ? -errno : 0;
    if (pid > 0 && !is_ready()) {
        end_keeper(pid);
        result = -EPERM;
    }
    if (result == 0) keeper = pid;
    host_call(__NR_close, (uint64_t)end, 0, 0, 0, 0, 0);
    return result;
}

void memory_keeper_stop(void) {
    if (keeper <= 0 || owner != host_call(__NR_getpid, 0, 0, 0, 0, 0, 0)) return;
    end_keeper(keeper);
    keeper = 0;
}
