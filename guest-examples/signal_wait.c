// Calls that wait for a signal: sigsuspend and pause, which run a handler and return EINTR; sigwait in one thread for
// signals sent by another. The mask they were called with is back afterwards.
#include "check.h"
#include <signal.h>
#include <stdatomic.h>

static volatile int handled;
static atomic_int done;
static pthread_t main_thread;

static void handle(int signal) {
    sigset_t now;
    CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
    CHECK(sigismember(&now, signal)); // its own is blocked during the handler
    handled = handled + 1;
}

static void *keeps_sending(void *argument) {
    // Again and again: the first may come before the receiver sleeps.
    while (!done) {
        pthread_kill(main_thread, (int)(intptr_t)argument);
        sleep_us(1000);
    }
    return NULL;
}

static void *sends_values(void *argument) {
    for (int i = 0; i < 200; i++)
        CHECK_EQUAL(pthread_sigqueue(main_thread, (int)(intptr_t)argument, (union sigval){ .sival_int = i }), 0);
    return NULL;
}

int main(void) {
    main_thread = pthread_self();
    struct sigaction action = { .sa_handler = handle };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, NULL) == 0);
    sigset_t usr1, all_but_usr1, before, after;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigfillset(&all_but_usr1);
    sigdelset(&all_but_usr1, SIGUSR1);

    // A signal already pending ends sigsuspend at once.
    CHECK(sigprocmask(SIG_BLOCK, &usr1, &before) == 0);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &before) == 0);
    CHECK(raise(SIGUSR1) == 0 && handled == 0);
    CHECK_FAILS(sigsuspend(&all_but_usr1), EINTR);
    CHECK_EQUAL(handled, 1);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &after) == 0 && memcmp(&before, &after, 8) == 0);

    // One that comes later as well; what the temporary mask blocks stays pending.
    pthread_t sender = thread_start(keeps_sending, (void *)SIGUSR1);
    for (int i = 0; i < 10; i++) {
        int seen = handled;
        CHECK_FAILS(sigsuspend(&all_but_usr1), EINTR);
        CHECK_EQUAL(handled, seen + 1); // exactly one: it is blocked again when sigsuspend returns
    }
    done = 1;
    thread_join(sender);
    struct timespec none = { 0, 0 };
    while (sigtimedwait(&usr1, NULL, &none) == SIGUSR1) {}
    printf("sigsuspend ok\n");

    done = 0;
    handled = 0;
    sender = thread_start(keeps_sending, (void *)SIGUSR2);
    for (int i = 0; i < 10; i++) CHECK_FAILS(pause(), EINTR);
    CHECK(handled >= 10);
    done = 1;
    thread_join(sender);
    printf("pause ok\n");

    // sigwait takes them without a handler, none lost, in order.
    sigset_t real_time;
    sigemptyset(&real_time);
    sigaddset(&real_time, SIGRTMIN + 3);
    CHECK(sigprocmask(SIG_BLOCK, &real_time, NULL) == 0);
    sender = thread_start(sends_values, (void *)(intptr_t)(SIGRTMIN + 3));
    for (int i = 0; i < 200; i++) {
        siginfo_t info;
        CHECK_EQUAL(sigwaitinfo(&real_time, &info), SIGRTMIN + 3);
        CHECK_EQUAL(info.si_value.sival_int, i);
    }
    thread_join(sender);
    printf("sigwait ok\n");

    return check_ok();
}
