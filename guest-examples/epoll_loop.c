// An epoll loop shared by several threads: one-shot sockets that are handed from thread to thread, a doorbell, a timer, and
// descriptors that come and go while others wait on the same epoll.
#include "check.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

enum { WORKERS = 3, PAIRS = 6, MESSAGES = 200, BELL = 100, TIMER = 101, STOP = 102 };
static int epoll, pairs[PAIRS][2], bell, timer, stop;
static atomic_int in_use[PAIRS], rearmed, rings, ticks;

static void *works(void *argument) {
    struct epoll_event event;
    for (;;) {
        int count = epoll_wait(epoll, &event, 1, -1);
        CHECK_EQUAL(count, 1);
        uint64_t which = event.data.u64, value;
        if (which == STOP) return argument; // level: stays ready for all
        if (which == BELL || which == TIMER) {
            // Several may be woken for the same ring; one of them gets it.
            ssize_t n = read(which == BELL ? bell : timer, &value, 8);
            CHECK(n == 8 || errno == EAGAIN);
            if (n == 8) atomic_fetch_add(which == BELL ? &rings : &ticks, (int)value);
            continue;
        }
        // One-shot: while we work on it nobody else is told about it.
        CHECK_EQUAL(atomic_fetch_add(&in_use[which], 1), 0);
        uint32_t numbers[64];
        ssize_t n = read(pairs[which][0], numbers, sizeof numbers);
        CHECK(n > 0 && n % 4 == 0);
        for (ssize_t i = 0; i < n / 4; i++) numbers[i] = numbers[i] * 2 + 1;
        CHECK_EQUAL(write(pairs[which][0], numbers, (size_t)n), n);
        atomic_fetch_sub(&in_use[which], 1);
        event.events = EPOLLIN | EPOLLONESHOT;
        CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, pairs[which][0], &event) == 0);
        atomic_fetch_add(&rearmed, 1);
    }
}

static void add(int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = { .events = events, .data.u64 = data };
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0);
}

static void *asks(void *argument) {
    int socket = pairs[(intptr_t)argument][1];
    for (uint32_t i = 0; i < MESSAGES; i++) {
        uint32_t answer, question = i;
        CHECK_EQUAL(write(socket, &question, 4), 4);
        CHECK_EQUAL(recv(socket, &answer, 4, MSG_WAITALL), 4);
        CHECK_EQUAL(answer, i * 2 + 1);
        if (i % 20 == 0) CHECK_EQUAL(write(bell, &(uint64_t){ 1 }, 8), 8);
    }
    return NULL;
}

int main(void) {
    pthread_t workers[WORKERS], clients[PAIRS];
    epoll = epoll_create1(0);
    bell = eventfd(0, EFD_NONBLOCK);
    stop = eventfd(0, 0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    CHECK(epoll >= 0 && bell >= 0 && stop >= 0 && timer >= 0);
    struct itimerspec every = { { 0, 2000000 }, { 0, 2000000 } };
    CHECK(timerfd_settime(timer, 0, &every, NULL) == 0);
    add(bell, EPOLLIN | EPOLLET, BELL);
    add(timer, EPOLLIN, TIMER);
    add(stop, EPOLLIN, STOP);
    for (int i = 0; i < WORKERS; i++) workers[i] = thread_start(works, NULL);
    // Added while the workers wait.
    for (int i = 0; i < PAIRS; i++) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) == 0);
        add(pairs[i][0], EPOLLIN | EPOLLONESHOT, (uint64_t)i);
        clients[i] = thread_start(asks, (void *)(intptr_t)i);
    }
    for (int i = 0; i < PAIRS; i++) thread_join(clients[i]);
    CHECK_EVENTUALLY(rings == PAIRS * (MESSAGES / 20));
    CHECK_EVENTUALLY(ticks >= 5);
    // The last answers come before the sockets are armed again.
    CHECK_EVENTUALLY(rearmed == PAIRS * MESSAGES);
    for (int i = 0; i < PAIRS; i++) CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, pairs[i][0], NULL) == 0);
    CHECK_EQUAL(write(stop, &(uint64_t){ 1 }, 8), 8);
    for (int i = 0; i < WORKERS; i++) thread_join(workers[i]);
    printf("%d messages answered\n", PAIRS * MESSAGES);
    return check_ok();
}
