// The first steps of a forked supervisor process.
//
// Rules
// - The forked thread runs this file and nothing else: no Swift, no lock. Swift's Mutex keeps the thread's id in
//   thread-local storage, where the forked thread has its parent's, and traps (swift-6.3, _MutexHandle).
// - It is the process's first thread as the kernel sees it, and stays as long as the process does: it has nothing to do
//   but to end it with the one that it belongs to.
#define _GNU_SOURCE
#include "include/host_fork.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "close_others.h"
#include "include/guest_signals.h"
#include "include/host_call.h"

#define BODY_STACK_BYTES (512 << 10)
// As a shell's for what it cannot start, and Understudy's own.
#define STATUS_NO_THREAD 125

static void *run_body(void *argument) {
    const struct host_fork_plan *plan = argument;
    plan->body(plan->argument);
    return NULL;
}

static void start_body(const struct host_fork_plan *plan) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, BODY_STACK_BYTES);
    pthread_t thread;
    if (pthread_create(&thread, &attributes, run_body, (void *)plan) != 0) {
        host_call(__NR_exit_group, STATUS_NO_THREAD, 0, 0, 0, 0, 0);
    }
}

static _Noreturn void live(const struct host_fork_plan *plan) {
    // Nothing is to be done here, not even for the preempt signal. A guest thread's alternate stack is the sign by
    // which handlers know one.
    uint64_t everything = ~0ull;
    host_call(__NR_rt_sigprocmask, SIG_SETMASK, (uint64_t)&everything, 0, 8, 0, 0);
    stack_t none = {.ss_flags = SS_DISABLE};
    host_call(__NR_sigaltstack, (uint64_t)&none, 0, 0, 0, 0, 0);
    close_others(plan->kept, plan->kept_count);
    start_body(plan);
    struct pollfd others[2] = {{.fd = plan->life, .events = POLLIN}, {.fd = plan->parent, .events = POLLIN}};
    while (1) {
        long ready = host_call(__NR_poll, (uint64_t)others, 2, (uint64_t)-1, 0, 0, 0);
        if (ready <= 0) continue;
        if (others[0].revents != 0) {
            host_call(__NR_kill, (uint64_t)host_call(__NR_getpid, 0, 0, 0, 0, 0, 0), SIGKILL, 0, 0, 0, 0);
        }
        if (others[1].revents == 0) continue;
        guest_signals_note_orphan();
        host_call(__NR_close, (uint64_t)others[1].fd, 0, 0, 0, 0, 0);
        others[1].fd = -1;
    }
}

int64_t host_fork(const struct host_fork_plan *plan) {
    // glibc's, which keeps malloc's and its own locks consistent in the new process.
    pid_t pid = fork();
    if (pid < 0) return -errno;
    if (pid == 0) live(plan);
    return pid;
}
