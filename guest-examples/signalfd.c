// signalfd: blocked signals read as records, by poll and epoll as event loops do it, together with those for the
// thread.
#include "check.h"
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

static void *sends(void *argument) {
    (void)argument;
    sleep_us(3000);
    for (int i = 0; i < 50; i++) CHECK(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i }) == 0);
    return NULL;
}

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigaddset(&set, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    int descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK(descriptor >= 0);
    struct signalfd_siginfo info[4];
    CHECK_FAILS(read(descriptor, info, sizeof info), EAGAIN);
    CHECK_FAILS(read(descriptor, info, sizeof *info - 1), EINVAL);

    // Lowest number first, several records per read, each signal taken once.
    CHECK(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 77 }) == 0);
    CHECK(raise(SIGUSR1) == 0);
    struct pollfd poll_one = { descriptor, POLLIN, 0 };
    CHECK(poll(&poll_one, 1, 0) == 1 && poll_one.revents == POLLIN);
    CHECK_EQUAL(read(descriptor, info, sizeof info), 2 * sizeof *info);
    CHECK(info[0].ssi_signo == SIGUSR1 && info[0].ssi_pid == (unsigned)getpid());
    CHECK(info[1].ssi_signo == (unsigned)SIGRTMIN + 3 && info[1].ssi_int == 77 && info[1].ssi_code == SI_QUEUE);
    CHECK(poll(&poll_one, 1, 0) == 0);

    // The set can be changed: what it no longer holds stays pending.
    sigdelset(&set, SIGUSR1);
    CHECK_EQUAL(signalfd(descriptor, &set, 0), descriptor);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK_FAILS(read(descriptor, info, sizeof info), EAGAIN);
    sigset_t pending;
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));

    pthread_t sender = thread_start(sends, NULL);
    for (int i = 0; i < 50;) {
        CHECK_EQUAL(poll(&poll_one, 1, 20000), 1);
        ssize_t length = read(descriptor, info, sizeof info);
        CHECK(length > 0 && length % (ssize_t)sizeof *info == 0);
        for (size_t j = 0; j < (size_t)length / sizeof *info; j++) CHECK_EQUAL(info[j].ssi_int, i++);
    }
    thread_join(sender);
    CHECK(close(descriptor) == 0);
    return check_ok();
}
