// What a signal does to a call that is blocked: EINTR, or the call goes on after the handler (SA_RESTART), or EINTR
// whatever the flag says; and how much of a sleep is left.
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

static atomic_int handled, running = 1, enough;
static pthread_t main_thread;
static int pipe_ends[2], sockets[2];
static sem_t semaphore;

static void handle(int signal) {
    (void)signal;
    handled++;
}

static void *keeps_sending(void *argument) {
    (void)argument;
    while (running) {
        pthread_kill(main_thread, SIGUSR1);
        sleep_us(1000);
    }
    return NULL;
}

// Lets the blocked call go, but only after it has been interrupted several times.
static void *releases(void *what) {
    CHECK_EVENTUALLY(handled >= enough);
    switch ((int)(intptr_t)what) {
        case 0: CHECK_EQUAL(write(pipe_ends[1], "x", 1), 1); break;
        case 1: CHECK_EQUAL(write(sockets[1], "y", 1), 1); break;
        case 2: CHECK(sem_post(&semaphore) == 0); break;
        case 3: { // drain a full pipe
            char bytes[4096];
            for (long total = 0; total < 200000;) {
                ssize_t n = read(pipe_ends[0], bytes, sizeof bytes);
                CHECK(n > 0);
                total += n;
            }
        }
    }
    return NULL;
}

static pthread_t release_later(int what) {
    enough = handled + 5;
    return thread_start(releases, (void *)(intptr_t)what);
}

static void set_flags(int flags) {
    struct sigaction action = { .sa_handler = handle, .sa_flags = flags };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
}

int main(void) {
    char byte, bytes[200000] = { 0 };
    main_thread = pthread_self();
    CHECK(pipe(pipe_ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0 && sem_init(&semaphore, 0, 0) == 0);
    set_flags(0);

    // The sender starts with its own mask full, so that only the main thread is ever interrupted.
    sigset_t all, old;
    sigfillset(&all);
    CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, &all, &old), 0);
    pthread_t sender = thread_start(keeps_sending, NULL);
    CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, &old, NULL), 0);

    CHECK_FAILS(read(pipe_ends[0], &byte, 1), EINTR);
    CHECK_FAILS(recv(sockets[0], &byte, 1, 0), EINTR);
    CHECK_FAILS(sem_wait(&semaphore), EINTR);
    ssize_t written;
    do written = write(pipe_ends[1], bytes, sizeof bytes);
    while (written == -1 && errno == EINTR);
    CHECK(written > 0 && written < (ssize_t)sizeof bytes); // interrupted half way: what was written counts
    for (ssize_t left = written; left > 0;) {
        ssize_t n = read(pipe_ends[0], bytes, (size_t)left);
        CHECK(n > 0 || errno == EINTR);
        if (n > 0) left -= n;
    }
    printf("interrupted without SA_RESTART\n");

    set_flags(SA_RESTART);
    pthread_t helper = release_later(0);
    CHECK_EQUAL(read(pipe_ends[0], &byte, 1), 1);
    CHECK_EQUAL(byte, 'x');
    thread_join(helper);
    helper = release_later(1);
    CHECK_EQUAL(recv(sockets[0], &byte, 1, 0), 1);
    CHECK_EQUAL(byte, 'y');
    thread_join(helper);
    helper = release_later(2);
    CHECK(sem_wait(&semaphore) == 0);
    thread_join(helper);
    helper = release_later(3);
    for (ssize_t left = sizeof bytes; left > 0;) { // restart applies only while nothing has been written
        ssize_t n = write(pipe_ends[1], bytes, (size_t)left);
        CHECK(n > 0);
        left -= n;
    }
    thread_join(helper);
    printf("restarted with SA_RESTART\n");

    // These return EINTR even with SA_RESTART.
    struct pollfd poll_one = { pipe_ends[0], POLLIN, 0 };
    fd_set read_set;
    FD_ZERO(&read_set);
    FD_SET(pipe_ends[0], &read_set);
    struct epoll_event event;
    struct timeval limit = { 5, 0 };
    int epoll = epoll_create1(0);
    CHECK_FAILS(poll(&poll_one, 1, -1), EINTR);
    CHECK_FAILS(select(pipe_ends[0] + 1, &read_set, NULL, NULL, NULL), EINTR);
    CHECK_FAILS(epoll_wait(epoll, &event, 1, -1), EINTR);
    CHECK(setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    CHECK_FAILS(recv(sockets[0], &byte, 1, 0), EINTR); // with a receive timeout, not restarted either

    struct timespec wanted = { 3, 0 }, left = { -1, -1 };
    CHECK_FAILS(nanosleep(&wanted, &left), EINTR);
    CHECK(left.tv_sec >= 0 && left.tv_sec < 3 && left.tv_nsec >= 0 && left.tv_nsec < 1000000000);
    // Going on with what is left adds up to the whole, however often it is interrupted.
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    wanted = (struct timespec){ 0, 30000000 };
    int interruptions = 0;
    while (nanosleep(&wanted, &wanted) != 0) CHECK(errno == EINTR && ++interruptions);
    CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 30000000 && interruptions > 0);
    // An absolute sleep does not report what is left: the deadline says it.
    int64_t until = clock_ns(CLOCK_MONOTONIC) + 20000000;
    struct timespec deadline = { until / 1000000000, until % 1000000000 };
    while ((interruptions = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL)) != 0)
        CHECK_EQUAL(interruptions, EINTR);
    CHECK(clock_ns(CLOCK_MONOTONIC) >= until);
    printf("interrupted whatever the flag\n");

    running = 0;
    thread_join(sender);
    return check_ok();
}
