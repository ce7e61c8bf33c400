// The last two signals, 63 and 64, which a supervisor may use for itself: they are blocked, handled, ignored, waited
// for and queued as all others, also while threads are interrupted by them all the time.
#include "check.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { ROUNDS = 2000 };
static volatile int counts[65], stop;

static void take(int signal, siginfo_t *info, void *context) {
    (void)info, (void)context;
    __atomic_add_fetch(&counts[signal], 1, __ATOMIC_SEQ_CST);
}

static void *compute(void *argument) {
    uint64_t *sum = argument;
    for (uint64_t i = 0; !stop; i++) *sum += i * i % 7 + (uint64_t)syscall(SYS_getppid) * 0;
    return NULL;
}

static void queue_and_wait(int signal) {
    sigset_t one, pending;
    sigemptyset(&one);
    sigaddset(&one, signal);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &one, NULL), 0);
    for (int i = 0; i < 5; i++) CHECK(sigqueue(getpid(), signal, (union sigval){ .sival_int = i }) == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, signal));
    for (int i = 0; i < 5; i++) {
        siginfo_t info;
        CHECK_EQUAL(sigwaitinfo(&one, &info), signal);
        CHECK_EQUAL(info.si_value.sival_int, i);
    }
    CHECK_EQUAL(pthread_sigmask(SIG_UNBLOCK, &one, NULL), 0);
}

static void handle(int signal) {
    struct sigaction action = { .sa_sigaction = take, .sa_flags = SA_SIGINFO | SA_RESTART }, old;
    CHECK(sigaction(signal, &action, NULL) == 0);
    uint64_t sum = 0;
    stop = 0, counts[signal] = 0;
    pthread_t thread = thread_start(compute, &sum);
    for (int i = 0; i < ROUNDS; i++) CHECK_EQUAL(pthread_kill(thread, signal), 0);
    for (int i = 0; i < ROUNDS; i++) CHECK(kill(getpid(), signal) == 0);
    CHECK_EVENTUALLY(counts[signal] == 2 * ROUNDS);
    stop = 1;
    thread_join(thread);
    // A handler that is no code: set, read back, and never called.
    action.sa_sigaction = (void (*)(int, siginfo_t *, void *))0x200000000000;
    CHECK(sigaction(signal, &action, NULL) == 0 && sigaction(signal, NULL, &old) == 0);
    CHECK(old.sa_sigaction == action.sa_sigaction);
    action.sa_handler = SIG_IGN, action.sa_flags = 0;
    CHECK(sigaction(signal, &action, NULL) == 0);
    CHECK(raise(signal) == 0 && kill(getpid(), signal) == 0);
}

// The call itself, with all signals unblocked, and blocked, and sizes that are none.
static void raw_masks(void) {
    const uint64_t none = 0, all = -1;
    uint64_t old = 0;
    CHECK_EQUAL(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8L), 0);
    CHECK_EQUAL(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, &old, 8L), 0);
    CHECK_EQUAL(old, ~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1)));
    CHECK_FAILS(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 16L), EINVAL);
    CHECK_FAILS(syscall(SYS_rt_sigaction, 65L, NULL, NULL, 8L), EINVAL);
    CHECK_FAILS(syscall(SYS_rt_sigaction, -1L, NULL, NULL, 8L), EINVAL);
    CHECK_FAILS(syscall(SYS_kill, getpid(), 65L), EINVAL);
}

int main(void) {
    for (int signal = 63; signal <= 64; signal++) {
        queue_and_wait(signal);
        handle(signal);
        printf("signal %d ok\n", signal);
    }
    raw_masks();
    return check_ok();
}
