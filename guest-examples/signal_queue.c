// Signals with values: sigqueue and the order in which queued real-time signals come out, by handler and by
// sigtimedwait.
#include "check.h"
#include <signal.h>
#include <sys/syscall.h>

enum { EACH = 20 };
static volatile int arrived;
static int signals[3 * EACH + 1], values[3 * EACH + 1];

static void note(int signal, siginfo_t *info, void *context) {
    (void)context;
    CHECK_EQUAL(info->si_code, SI_QUEUE);
    CHECK_EQUAL(info->si_pid, getpid());
    CHECK_EQUAL(info->si_uid, getuid());
    signals[arrived] = signal;
    values[arrived] = info->si_value.sival_int;
    arrived = arrived + 1;
}

static void send_mixed(void) {
    // Interleaved and highest first: the order of arrival must come from the numbers, then from the order of sending.
    for (int i = 0; i < EACH; i++)
        for (int which = 2; which >= 0; which--)
            CHECK(sigqueue(getpid(), SIGRTMIN + which, (union sigval){ .sival_int = 100 * which + i }) == 0);
}

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
    // All blocked during each handler: they come one after another, not nested.
    sigfillset(&action.sa_mask);
    for (int which = 0; which < 3; which++) {
        CHECK(sigaction(SIGRTMIN + which, &action, NULL) == 0);
        sigaddset(&set, SIGRTMIN + which);
    }
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    sigaddset(&set, SIGUSR1);

    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    send_mixed();
    CHECK_EQUAL(arrived, 0);
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK_EQUAL(arrived, 3 * EACH);
    for (int i = 0; i < 3 * EACH; i++) {
        CHECK_EQUAL(signals[i], SIGRTMIN + i / EACH);
        CHECK_EQUAL(values[i], 100 * (i / EACH) + i % EACH);
    }
    printf("handlers ran in order\n");

    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    send_mixed();
    for (int i = 0; i < 3; i++) // a classic signal is kept once, with the first one's value, and comes before all
        CHECK(sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 7 + i }) == 0);
    siginfo_t info;
    struct timespec none = { 0, 0 }, some = { 0, 5000000 };
    CHECK_EQUAL(sigtimedwait(&set, &info, &none), SIGUSR1);
    CHECK_EQUAL(info.si_value.sival_int, 7);
    for (int i = 0; i < 3 * EACH; i++) {
        CHECK_EQUAL(sigwaitinfo(&set, &info), SIGRTMIN + i / EACH);
        CHECK_EQUAL(info.si_value.sival_int, 100 * (i / EACH) + i % EACH);
        CHECK(info.si_code == SI_QUEUE && info.si_pid == getpid());
    }
    CHECK_FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    CHECK_FAILS(sigtimedwait(&set, &info, &some), EAGAIN);
    CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 5000000);
    CHECK_EQUAL(arrived, 3 * EACH);
    printf("sigtimedwait took them in order\n");

    // A pointer-sized value survives whole, also to a named thread; a code of the kernel's own cannot be forged for
    // others.
    CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_ptr = (void *)0x123456789abcdef0 }) == 0);
    CHECK_EQUAL(sigwaitinfo(&set, &info), SIGRTMIN);
    CHECK(info.si_value.sival_ptr == (void *)0x123456789abcdef0);
    CHECK_EQUAL(pthread_sigqueue(pthread_self(), SIGRTMIN + 1, (union sigval){ .sival_int = -5 }), 0);
    CHECK_EQUAL(sigwaitinfo(&set, &info), SIGRTMIN + 1);
    CHECK(info.si_value.sival_int == -5 && info.si_code == SI_QUEUE);
    return check_ok();
}
