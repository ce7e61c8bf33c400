// The rules of epoll one by one, in a single thread: level and edge, one-shot, what add, change and delete refuse, what
// a closed or duplicated descriptor means, epoll inside epoll.
#include "check.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static int epoll;
static struct epoll_event got[8];

static int control(int operation, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = { .events = events, .data.u64 = data };
    return epoll_ctl(epoll, operation, descriptor, &event);
}
static int ready(void) { return epoll_wait(epoll, got, 8, 0); }

static void put(int pipe_end) { CHECK_EQUAL(write(pipe_end, "x", 1), 1); }
static void take(int pipe_end) {
    char byte;
    CHECK_EQUAL(read(pipe_end, &byte, 1), 1);
}

int main(void) {
    int p[2], s[2];
    epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(epoll >= 0 && fcntl(epoll, F_GETFD) == FD_CLOEXEC && pipe(p) == 0 &&
          socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    CHECK_FAILS(epoll_create(0), EINVAL);
    CHECK_FAILS(epoll_create1(0x1234), EINVAL);
    CHECK_FAILS(epoll_wait(epoll, got, 0, 0), EINVAL);
    CHECK_FAILS(epoll_wait(p[0], got, 1, 0), EINVAL);
    CHECK_FAILS(control(EPOLL_CTL_ADD, 0x7fff, EPOLLIN, 0), EBADF);
    CHECK_FAILS(control(EPOLL_CTL_ADD, epoll, EPOLLIN, 0), EINVAL);
    CHECK_FAILS(control(EPOLL_CTL_MOD, p[0], EPOLLIN, 0), ENOENT);
    CHECK_FAILS(control(EPOLL_CTL_DEL, p[0], 0, 0), ENOENT);
    int file = open("/", O_RDONLY);
    CHECK_FAILS(control(EPOLL_CTL_ADD, file, EPOLLIN, 0), EPERM); // always ready: cannot be watched
    CHECK(close(file) == 0);

    // Level: told again as long as it holds. The data comes back as it was given.
    CHECK(control(EPOLL_CTL_ADD, p[0], EPOLLIN, 0x1122334455667788) == 0);
    CHECK_FAILS(control(EPOLL_CTL_ADD, p[0], EPOLLIN, 0), EEXIST);
    CHECK_EQUAL(ready(), 0);
    put(p[1]);
    for (int i = 0; i < 3; i++)
        CHECK(ready() == 1 && got[0].events == EPOLLIN && got[0].data.u64 == 0x1122334455667788);
    take(p[0]);
    CHECK_EQUAL(ready(), 0);

    // Edge: told once per arrival, also when something was left unread.
    CHECK(control(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 1) == 0);
    put(p[1]);
    CHECK(ready() == 1 && got[0].data.u64 == 1 && ready() == 0);
    put(p[1]);
    CHECK(ready() == 1 && ready() == 0);
    take(p[0]);
    CHECK_EQUAL(ready(), 0);                                        // reading a part is no edge
    CHECK(control(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 2) == 0); // setting it again arms it
    CHECK(ready() == 1 && ready() == 0);
    take(p[0]);

    // One-shot: silent after the first report until it is armed again; it stays registered.
    CHECK(control(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT, 3) == 0);
    put(p[1]);
    CHECK(ready() == 1 && ready() == 0);
    put(p[1]);
    CHECK_EQUAL(ready(), 0);
    CHECK_FAILS(control(EPOLL_CTL_ADD, p[0], EPOLLIN, 0), EEXIST);
    CHECK(control(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT, 4) == 0 && ready() == 1 && got[0].data.u64 == 4 &&
          ready() == 0);
    take(p[0]), take(p[0]);
    CHECK(control(EPOLL_CTL_DEL, p[0], 0, 0) == 0);
    CHECK_EQUAL(epoll_ctl(epoll, EPOLL_CTL_ADD, p[0], &(struct epoll_event){ .events = 0 }),
                0); // only errors and hang-ups
    put(p[1]);
    CHECK_EQUAL(ready(), 0);
    take(p[0]);
    CHECK(close(p[1]) == 0 && ready() == 1 && got[0].events == EPOLLHUP);
    CHECK(close(p[0]) == 0 && ready() == 0); // closing the last descriptor takes it out
    printf("triggers ok\n");

    // Sockets: several conditions in one report; hang-up of one direction, then of both.
    CHECK(control(EPOLL_CTL_ADD, s[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP, 5) == 0);
    CHECK(ready() == 1 && got[0].events == EPOLLOUT);
    put(s[1]);
    CHECK(ready() == 1 && got[0].events == (EPOLLIN | EPOLLOUT));
    CHECK(shutdown(s[1], SHUT_WR) == 0 && ready() == 1 && got[0].events == (EPOLLIN | EPOLLOUT | EPOLLRDHUP));
    CHECK(close(s[1]) == 0 && ready() == 1 && (got[0].events & (EPOLLHUP | EPOLLRDHUP)) == (EPOLLHUP | EPOLLRDHUP));
    CHECK(close(s[0]) == 0 && ready() == 0);

    // What is registered is number and open file together: a duplicate may be added too, and keeps the first alive.
    int event = eventfd(1, EFD_NONBLOCK), copy = dup(event);
    CHECK(control(EPOLL_CTL_ADD, event, EPOLLIN, 6) == 0 && control(EPOLL_CTL_ADD, copy, EPOLLIN, 7) == 0);
    CHECK(ready() == 2 && got[0].data.u64 + got[1].data.u64 == 13);
    CHECK(control(EPOLL_CTL_DEL, copy, 0, 0) == 0 && ready() == 1 && got[0].data.u64 == 6);
    CHECK(close(event) == 0);
    CHECK(ready() == 1 && got[0].data.u64 == 6); // closed, and still reported: the open file lives in the copy
    CHECK_FAILS(control(EPOLL_CTL_DEL, event, 0, 0), EBADF);
    CHECK(close(copy) == 0 && ready() == 0);
    printf("descriptors ok\n");

    // Epoll inside epoll is ready when something inside it is; a circle is refused.
    int inner = epoll_create1(0), outer = epoll;
    CHECK(pipe(p) == 0 && control(EPOLL_CTL_ADD, inner, EPOLLIN, 8) == 0);
    epoll = inner;
    CHECK(control(EPOLL_CTL_ADD, p[0], EPOLLIN, 9) == 0);
    CHECK_FAILS(control(EPOLL_CTL_ADD, outer, EPOLLIN, 0), ELOOP);
    epoll = outer;
    CHECK_EQUAL(ready(), 0);
    put(p[1]);
    CHECK(ready() == 1 && got[0].data.u64 == 8 && epoll_wait(inner, got, 8, 0) == 1 && got[0].data.u64 == 9);
    take(p[0]);
    CHECK_EQUAL(ready(), 0);

    // More are ready than asked for: the others come next, none is starved.
    int events[5], seen = 0;
    for (int i = 0; i < 5; i++) {
        events[i] = eventfd(1, 0);
        CHECK(control(EPOLL_CTL_ADD, events[i], EPOLLIN, (uint64_t)i) == 0);
    }
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(epoll_wait(epoll, got, 1, 0), 1);
        seen |= 1 << got[0].data.u64;
    }
    CHECK_EQUAL(seen, 31);
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    CHECK(epoll_wait(inner, got, 8, 10) == 0 && clock_ns(CLOCK_MONOTONIC) - before >= 10000000);
    return check_ok();
}
