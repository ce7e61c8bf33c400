// One call after the other that blocks until another thread, a signal or the clock ends it: whoever is taken over in
// the middle of one goes on waiting, for what is left of the time, and ends as if nothing had happened.
#include "check.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#define LONG_ENOUGH_US 30000
#define MILLISECOND 1000000LL

static int pipe_ends[2], pair[2], datagram_pair[2], event, listener;
static atomic_int word, done, handled;
static struct sockaddr_in address;
static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static char bytes[1 << 20];

static void handle(int signal) {
    (void)signal;
    handled++;
}

// What blocks, in a thread of its own.

static void reads_pipe(void) {
    CHECK_EQUAL(read(pipe_ends[0], bytes, 100), 5);
    CHECK(memcmp(bytes, "words", 5) == 0);
}

static void fills_pipe(void) {
    size_t size = (size_t)fcntl(pipe_ends[1], F_GETPIPE_SZ);
    memset(bytes, 'x', 2 * size);
    CHECK_EQUAL(write(pipe_ends[1], bytes, 2 * size), 2 * size);
}

static void splices(void) {
    int other[2];
    CHECK(pipe(other) == 0);
    CHECK_EQUAL(splice(pipe_ends[0], NULL, other[1], NULL, 5, 0), 5);
    CHECK_EQUAL(read(other[0], bytes, 100), 5);
    CHECK(memcmp(bytes, "words", 5) == 0);
    close(other[0]);
    close(other[1]);
}

static void accepts(void) {
    int connection = accept(listener, NULL, NULL);
    CHECK(connection >= 0);
    close(connection);
}

static void receives(void) {
    CHECK_EQUAL(recv(pair[0], bytes, 100, 0), 5);
    CHECK(memcmp(bytes, "words", 5) == 0);
}

static void receives_message(void) {
    struct iovec part = { bytes, 100 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    CHECK_EQUAL(recvmsg(datagram_pair[0], &message, 0), 5);
}

static void waits_for_word(void) {
    while (word == 0) syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void waits_for_semaphore(void) {
    CHECK(sem_wait(&semaphore) == 0);
}

static void waits_for_condition(void) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 60;
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    while (word == 0) CHECK_EQUAL(pthread_cond_timedwait(&condition, &mutex, &limit), 0);
    pthread_mutex_unlock(&mutex);
}

static void takes_event(void) {
    uint64_t count;
    CHECK_EQUAL(read(event, &count, 8), 8);
    CHECK_EQUAL(count, 7);
}

static void polls(void) {
    struct pollfd entries[2] = { { pipe_ends[0], POLLIN, 0 }, { event, POLLIN, 0 } };
    CHECK_EQUAL(poll(entries, 2, -1), 1);
    CHECK(entries[0].revents == 0 && entries[1].revents == POLLIN);
    takes_event();
}

static void selects(void) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(event, &set);
    CHECK_EQUAL(pselect(event + 1, &set, NULL, NULL, NULL, NULL), 1);
    takes_event();
}

static void waits_for_epoll(void) {
    int epoll = epoll_create1(0);
    struct epoll_event entry = { .events = EPOLLIN, .data.u64 = 99 };
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &entry) == 0);
    CHECK_EQUAL(epoll_wait(epoll, &entry, 1, -1), 1);
    CHECK_EQUAL(entry.data.u64, 99);
    close(epoll);
    takes_event();
}

static void waits_for_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    siginfo_t information;
    struct timespec limit = { 60, 0 };
    CHECK_EQUAL(sigtimedwait(&set, &information, &limit), SIGUSR2);
    CHECK_EQUAL(information.si_code, SI_USER); // what glibc makes of SI_TKILL
}

static void reads_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    int descriptor = signalfd(-1, &set, 0);
    struct signalfd_siginfo information;
    CHECK_EQUAL(read(descriptor, &information, sizeof information), sizeof information);
    CHECK_EQUAL(information.ssi_signo, SIGUSR2);
    close(descriptor);
}

static void suspends(void) {
    sigset_t none;
    sigemptyset(&none);
    sigaddset(&none, SIGUSR2);
    int before = handled;
    CHECK_FAILS(sigsuspend(&none), EINTR);
    CHECK_EQUAL(handled, before + 1);
}

static void sleeps_interrupted(void) {
    struct timespec wait = { 60, 0 }, left;
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK_EQUAL(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL), 0);
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    CHECK_FAILS(nanosleep(&wait, &left), EINTR);
    int64_t took = clock_ns(CLOCK_MONOTONIC) - began;
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &usr1, NULL), 0);
    int64_t sum = took + left.tv_sec * 1000000000LL + left.tv_nsec;
    // What was slept and what was left are the whole; the clock is read a little later than the sleep ends.
    CHECK(sum >= 60000 * MILLISECOND && sum < 65000 * MILLISECOND && left.tv_sec < 60);
}

// By the clock alone.

static void sleeps(void) {
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    sleep_us(2 * LONG_ENOUGH_US);
    CHECK(clock_ns(CLOCK_MONOTONIC) - began >= 2 * LONG_ENOUGH_US * 1000LL);
}

static void sleeps_until(void) {
    int64_t end = clock_ns(CLOCK_MONOTONIC) + 2 * LONG_ENOUGH_US * 1000LL;
    struct timespec until = { end / 1000000000, end % 1000000000 };
    CHECK_EQUAL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
    CHECK(clock_ns(CLOCK_MONOTONIC) >= end);
}

static void polls_in_vain(void) {
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    struct pollfd entry = { event, POLLIN, 0 };
    CHECK_EQUAL(poll(&entry, 1, 2 * LONG_ENOUGH_US / 1000), 0);
    CHECK(clock_ns(CLOCK_MONOTONIC) - began >= 2 * LONG_ENOUGH_US * 1000LL);
}

static void waits_in_vain(void) {
    struct timespec limit = { 0, 2 * LONG_ENOUGH_US * 1000L };
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    CHECK_FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0), ETIMEDOUT);
    CHECK(clock_ns(CLOCK_MONOTONIC) - began >= 2 * LONG_ENOUGH_US * 1000LL);
}

static void reads_timer(void) {
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec when = { .it_value = { 0, 2 * LONG_ENOUGH_US * 1000L } };
    CHECK(timerfd_settime(timer, 0, &when, NULL) == 0);
    uint64_t count;
    CHECK_EQUAL(read(timer, &count, 8), 8);
    CHECK_EQUAL(count, 1);
    close(timer);
}

// What ends it, in the first thread.

static pthread_t blocked;

static void writes_pipe(void) {
    CHECK_EQUAL(write(pipe_ends[1], "words", 5), 5);
}

static void empties_pipe(void) {
    size_t left = 2 * (size_t)fcntl(pipe_ends[1], F_GETPIPE_SZ);
    while (left > 0) {
        ssize_t count = read(pipe_ends[0], bytes + sizeof bytes / 2, left);
        CHECK(count > 0);
        left -= (size_t)count;
    }
}

// A connection may break before anybody has accepted it.
static void connects(void) {
    while (!done) {
        int connection = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) sleep_us(1000);
        for (int i = 0; i < 100 && !done; i++) sleep_us(1000);
        close(connection);
    }
}

static void sends(void) {
    CHECK_EQUAL(send(pair[1], "words", 5, 0), 5);
}

static void sends_message(void) {
    CHECK_EQUAL(send(datagram_pair[1], "words", 5, 0), 5);
}

static void sets_word(void) {
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    word = 1;
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
}

static void posts(void) {
    CHECK(sem_post(&semaphore) == 0);
}

static void writes_event(void) {
    uint64_t count = 7;
    CHECK_EQUAL(write(event, &count, 8), 8);
}

static void sends_usr1(void) {
    CHECK_EQUAL(pthread_kill(blocked, SIGUSR1), 0);
}

static void sends_usr2(void) {
    CHECK_EQUAL(pthread_kill(blocked, SIGUSR2), 0);
}

static const struct {
    const char *name;
    void (*block)(void), (*end)(void);
} calls[] = {
    { "read", reads_pipe, writes_pipe },
    { "write", fills_pipe, empties_pipe },
    { "splice", splices, writes_pipe },
    { "accept", accepts, connects },
    { "recv", receives, sends },
    { "recvmsg", receives_message, sends_message },
    { "futex", waits_for_word, sets_word },
    { "semaphore", waits_for_semaphore, posts },
    { "condition with a timeout", waits_for_condition, sets_word },
    { "eventfd", takes_event, writes_event },
    { "poll", polls, writes_event },
    { "pselect", selects, writes_event },
    { "epoll_wait", waits_for_epoll, writes_event },
    { "sigtimedwait", waits_for_signal, sends_usr2 },
    { "signalfd", reads_signal, sends_usr2 },
    { "sigsuspend", suspends, sends_usr1 },
    { "nanosleep, interrupted", sleeps_interrupted, sends_usr1 },
    { "nanosleep", sleeps, NULL },
    { "clock_nanosleep", sleeps_until, NULL },
    { "poll with a timeout", polls_in_vain, NULL },
    { "futex with a timeout", waits_in_vain, NULL },
    { "timerfd", reads_timer, NULL },
};

static void *blocks(void *body) {
    ((void (*)(void))(uintptr_t)body)();
    done = 1;
    return NULL;
}

int main(void) {
    struct sigaction action = { .sa_handler = handle };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &both, NULL), 0);
    CHECK(pipe(pipe_ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagram_pair) == 0 && sem_init(&semaphore, 0, 0) == 0);
    event = eventfd(0, 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    CHECK(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 8) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        word = done = 0;
        blocked = thread_start(blocks, (void *)(uintptr_t)calls[i].block);
        if (calls[i].end) {
            sleep_us(LONG_ENOUGH_US);
            CHECK(!done);
            calls[i].end();
        }
        thread_join(blocked);
        printf("%s\n", calls[i].name);
    }
    return check_ok();
}
