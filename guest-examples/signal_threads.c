// Signals between threads: directed ones reach that thread and no other, those for the process reach one thread that
// does not block them; masks belong to the thread and are inherited; a thread that only waits for signals takes them
// for all.
#include "check.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { THREADS = 4, EACH = 15 };
static __thread volatile int here;
static __thread int index_here = -1;
static atomic_int ready, total, stop, received[THREADS], waiter_took;
static atomic_int ids[THREADS];

static void handle(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    CHECK_EQUAL(info->si_code, SI_TKILL);
    CHECK(index_here >= 0);
    here = here + 1;
    received[index_here]++;
}

static void *receives(void *argument) {
    index_here = (int)(intptr_t)argument;
    ids[index_here] = (int)syscall(SYS_gettid);
    ready++;
    // Half of them computing, half of them asleep, when the signals come.
    while (here < 2 * EACH) {
        if (index_here % 2)
            sleep_us(200);
        else
            __asm__ volatile("pause");
    }
    while (!stop) sleep_us(500);
    CHECK_EQUAL(here, 2 * EACH);
    return NULL;
}

static void *waits_for_all(void *argument) {
    sigset_t *set = argument, inherited;
    CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, NULL, &inherited), 0);
    CHECK(sigismember(&inherited, SIGTERM) && sigismember(&inherited, SIGHUP) && !sigismember(&inherited, SIGUSR1));
    for (;;) {
        int signal;
        CHECK_EQUAL(sigwait(set, &signal), 0);
        if (signal == SIGTERM) return NULL;
        CHECK_EQUAL(signal, SIGHUP);
        waiter_took++;
    }
}

static void process_handler(int signal) {
    (void)signal;
    total++;
}

int main(void) {
    struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) threads[i] = thread_start(receives, (void *)(intptr_t)i);
    CHECK_EVENTUALLY(ready == THREADS);
    // A classic signal is not counted, so wait for each to arrive before the next.
    for (int round = 0; round < EACH; round++) {
        for (int i = 0; i < THREADS; i++) {
            int before = received[i];
            CHECK_EQUAL(pthread_kill(threads[i], SIGUSR1), 0);
            CHECK_EVENTUALLY(received[i] == before + 1);
            CHECK_EQUAL(syscall(SYS_tgkill, getpid(), ids[i], SIGUSR1), 0);
            CHECK_EVENTUALLY(received[i] == before + 2);
        }
    }
    CHECK_EQUAL(pthread_kill(threads[0], 0), 0);
    stop = 1;
    for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
    // The thread is gone, and a moment after its joiner was told, its id too (or it belongs to another process).
    CHECK_EVENTUALLY(syscall(SYS_tgkill, getpid(), ids[0], 0) == -1);
    CHECK_EQUAL(errno, ESRCH);
    CHECK_FAILS(syscall(SYS_tgkill, getpid(), 0, SIGUSR1), EINVAL);
    printf("directed signals reached their threads\n");

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    pthread_t waiter = thread_start(waits_for_all, &set);
    for (int i = 1; i <= 20; i++) {
        CHECK(kill(getpid(), SIGHUP) == 0);
        CHECK_EVENTUALLY(waiter_took == i);
    }
    CHECK(kill(getpid(), SIGTERM) == 0);
    thread_join(waiter);
    printf("the waiting thread took the process's signals\n");

    // Blocked everywhere but in one thread: that one runs the handler.
    action = (struct sigaction){ .sa_handler = process_handler };
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
    stop = ready = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(sigaction(SIGUSR1, &(struct sigaction){ .sa_sigaction = handle, .sa_flags = SA_SIGINFO }, NULL) == 0);
    pthread_t other = thread_start(receives, (void *)1);
    CHECK_EVENTUALLY(ready == 1);
    sigaddset(&set, SIGUSR2);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    for (int i = 1; i <= 20; i++) {
        CHECK(kill(getpid(), SIGUSR2) == 0);
        CHECK_EVENTUALLY(total == i);
    }
    int start = received[1];
    for (int i = 1; i <= 2 * EACH; i++) {
        CHECK_EQUAL(pthread_kill(other, SIGUSR1), 0);
        CHECK_EVENTUALLY(received[1] == start + i);
    }
    stop = 1;
    thread_join(other);
    return check_ok();
}
