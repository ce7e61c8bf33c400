// poll, ppoll, select and pselect: what is ready, how long they wait, what they write back, and the signal mask that
// holds only while they wait.
#include "check.h"
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>

static int a[2], b[2];
static volatile int handled;

static void handle(int signal) {
    (void)signal;
    handled = handled + 1;
}

static void *writes_later(void *descriptor) {
    sleep_us(3000);
    CHECK_EQUAL(write(*(int *)descriptor, "x", 1), 1);
    return NULL;
}

static void poll_cases(void) {
    char byte;
    struct pollfd set[5] = {
        { a[0], POLLIN, 0 }, { -1, POLLIN, 99 }, { b[1], POLLOUT, 0 }, { 0x7fff, POLLIN, 0 }, { b[0], POLLIN, 0 }
    };
    // A negative number is skipped, one that is not open is reported, both without an error.
    CHECK_EQUAL(poll(set, 5, 1000), 2);
    CHECK(set[0].revents == 0 && set[1].revents == 0 && set[2].revents == POLLOUT && set[3].revents == POLLNVAL &&
          set[4].revents == 0);
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    CHECK_EQUAL(poll(set, 1, 10), 0);
    CHECK_EQUAL(poll(NULL, 0, 5), 0); // an old way to sleep
    CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 15000000);
    CHECK_EQUAL(poll(set, 1, 0), 0);
    pthread_t writer = thread_start(writes_later, &a[1]);
    CHECK(poll(set, 1, -1) == 1 && set[0].revents == POLLIN && read(a[0], &byte, 1) == 1);
    thread_join(writer);
    writer = thread_start(writes_later, &b[1]);
    set[3].fd = -1;
    set[2].events = 0;
    CHECK(poll(set, 5, 20000) == 1 && set[4].revents == POLLIN && read(b[0], &byte, 1) == 1);
    thread_join(writer);
    // The same descriptor twice is told twice.
    struct pollfd twice[2] = { { a[1], POLLOUT, 0 }, { a[1], POLLOUT | POLLIN, 0 } };
    CHECK(poll(twice, 2, 0) == 2 && twice[1].revents == POLLOUT);
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < 1 << 20) CHECK_FAILS(poll(set, limit.rlim_cur + 1, 0), EINVAL);
    printf("poll ok\n");
}

static void select_cases(void) {
    char byte;
    fd_set readable, writable, failed;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&failed);
    FD_SET(a[0], &readable);
    FD_SET(b[0], &readable);
    FD_SET(a[1], &writable);
    FD_SET(a[0], &failed);
    int count = b[1] + 1;
    CHECK_EQUAL(write(b[1], "y", 1), 1);
    CHECK_EQUAL(select(count, &readable, &writable, &failed, NULL), 2);
    CHECK(!FD_ISSET(a[0], &readable) && FD_ISSET(b[0], &readable) && FD_ISSET(a[1], &writable) &&
          !FD_ISSET(a[0], &failed));
    CHECK_EQUAL(read(b[0], &byte, 1), 1);
    // Time out: the sets come back empty. Linux writes back the time that is left.
    FD_SET(a[0], &readable);
    struct timeval limit = { 0, 10000 };
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    CHECK(select(count, &readable, NULL, NULL, &limit) == 0 && !FD_ISSET(a[0], &readable) &&
          !FD_ISSET(b[0], &readable));
    CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 10000000 && limit.tv_sec == 0 && limit.tv_usec == 0);
    FD_SET(a[0], &readable);
    limit = (struct timeval){ 20, 0 };
    pthread_t writer = thread_start(writes_later, &a[1]);
    CHECK(select(count, &readable, NULL, NULL, &limit) == 1 && FD_ISSET(a[0], &readable) && limit.tv_sec < 20);
    thread_join(writer);
    CHECK_EQUAL(read(a[0], &byte, 1), 1);
    FD_ZERO(&readable);
    int closed = dup(a[0]); // a low number: Linux does not look at those above its table's present size
    CHECK(close(closed) == 0);
    FD_SET(closed, &readable);
    CHECK_FAILS(select(closed + 1, &readable, NULL, NULL, &limit), EBADF);
    CHECK_FAILS(select(-1, NULL, NULL, NULL, &limit), EINVAL);
    limit.tv_sec = -1;
    CHECK_FAILS(select(0, NULL, NULL, NULL, &limit), EINVAL);
    printf("select ok\n");
}

static void masks(void) {
    sigset_t blocked, none, now;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    CHECK(signal(SIGUSR1, handle) != SIG_ERR && sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    struct pollfd one = { a[0], POLLIN, 0 };
    fd_set readable;
    struct timespec limit = { 20, 0 };
    for (int i = 1; i <= 5; i++) {
        // Pending and blocked: let in only by the mask of the waiting call, and all is as before when it returns.
        CHECK(raise(SIGUSR1) == 0 && handled == 2 * i - 2);
        CHECK_FAILS(ppoll(&one, 1, &limit, &none), EINTR);
        CHECK_EQUAL(handled, 2 * i - 1);
        FD_ZERO(&readable);
        FD_SET(a[0], &readable);
        CHECK(raise(SIGUSR1) == 0 && handled == 2 * i - 1);
        CHECK_FAILS(pselect(a[0] + 1, &readable, NULL, NULL, &limit, &none), EINTR);
        CHECK_EQUAL(handled, 2 * i);
        CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGUSR1));
    }
    CHECK(limit.tv_sec == 20); // libc's versions leave the time alone
    // A signal that the temporary mask blocks is no reason to return.
    CHECK(raise(SIGUSR1) == 0);
    limit = (struct timespec){ 0, 5000000 };
    CHECK(ppoll(&one, 1, &limit, &blocked) == 0 && handled == 10);
    // A ready descriptor wins; the signal stays pending.
    CHECK_EQUAL(write(a[1], "x", 1), 1);
    CHECK(ppoll(&one, 1, &limit, &blocked) == 1 && handled == 10);
    CHECK_FAILS(syscall(SYS_ppoll, &one, 1, NULL, &none, 4), EINVAL);
    CHECK(sigprocmask(SIG_UNBLOCK, &blocked, NULL) == 0 && handled == 11);
    printf("masks ok\n");
}

int main(void) {
    CHECK(pipe(a) == 0 && pipe(b) == 0);
    poll_cases();
    select_cases();
    masks();
    return check_ok();
}
