// timerfd: expirations are counted, never before their time and, however late we look, none is missing.
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

static struct itimerspec in_ns(int64_t first, int64_t every) {
    return (struct itimerspec){ { every / 1000000000, every % 1000000000 },
                                { first / 1000000000, first % 1000000000 } };
}

int main(void) {
    uint64_t count;
    struct itimerspec set, now;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    CHECK(timer >= 0);
    CHECK_FAILS(read(timer, &count, 8), EAGAIN); // not set
    CHECK(timerfd_gettime(timer, &now) == 0 && now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0);

    // Once, seen by poll; the count is there once.
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    set = in_ns(5000000, 0);
    CHECK(timerfd_settime(timer, 0, &set, NULL) == 0);
    struct pollfd one = { timer, POLLIN, 0 };
    CHECK(poll(&one, 1, 20000) == 1 && one.revents == POLLIN);
    CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 5000000);
    CHECK(read(timer, &count, 8) == 8 && count == 1);
    CHECK_FAILS(read(timer, &count, 8), EAGAIN);
    CHECK_EQUAL(poll(&one, 1, 0), 0);

    // Every 2 ms from a known start: after n reads the sum cannot exceed, and is not below, the periods that have
    // passed.
    int64_t start = clock_ns(CLOCK_MONOTONIC) + 2000000;
    set = in_ns(start, 2000000);
    CHECK(timerfd_settime(timer, TFD_TIMER_ABSTIME, &set, NULL) == 0);
    CHECK(timerfd_gettime(timer, &now) == 0 && now.it_interval.tv_nsec == 2000000 && now.it_value.tv_sec == 0 &&
          now.it_value.tv_nsec <= 2000000);
    uint64_t total = 0;
    for (int i = 0; i < 6; i++) {
        CHECK_EQUAL(poll(&one, 1, 20000), 1);
        if (i % 2) sleep_us(5000); // late: several at once
        int64_t least = (clock_ns(CLOCK_MONOTONIC) - start) / 2000000 + 1;
        CHECK_EQUAL(read(timer, &count, 8), 8);
        int64_t most = (clock_ns(CLOCK_MONOTONIC) - start) / 2000000 + 1;
        total += count;
        CHECK((int64_t)total >= least - 1 && (int64_t)total <= most); // the last one may be just about to be counted
    }
    CHECK(total >= 12);
    // The old setting comes back, zero stops it.
    struct itimerspec old;
    set = in_ns(0, 0);
    CHECK(timerfd_settime(timer, 0, &set, &old) == 0 && old.it_interval.tv_nsec == 2000000);
    sleep_us(3000);
    CHECK_FAILS(read(timer, &count, 8), EAGAIN);
    CHECK_FAILS(read(timer, &count, 4), EINVAL);
    CHECK_FAILS(write(timer, &count, 8), EINVAL);
    printf("monotonic timer ok\n");

    // Absolute and in the past: expired at once. Blocking reads wait.
    int wall = timerfd_create(CLOCK_REALTIME, 0);
    CHECK(wall >= 0);
    set = in_ns(clock_ns(CLOCK_REALTIME) - 5000000000LL, 0);
    CHECK(timerfd_settime(wall, TFD_TIMER_ABSTIME, &set, NULL) == 0 && read(wall, &count, 8) == 8 && count == 1);
    int64_t until = clock_ns(CLOCK_REALTIME) + 5000000;
    set = in_ns(until, 0);
    CHECK(timerfd_settime(wall, TFD_TIMER_ABSTIME, &set, NULL) == 0 && read(wall, &count, 8) == 8 && count == 1);
    CHECK(clock_ns(CLOCK_REALTIME) >= until);
    printf("realtime timer ok\n");

    // Edge-triggered. (Without the read in between Linux would report one expiration only: it starts the next period
    // when it is read.)
    int epoll = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0);
    set = in_ns(1000000, 2000000);
    CHECK(timerfd_settime(timer, 0, &set, NULL) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(epoll_wait(epoll, &event, 1, 20000) == 1 && event.events == EPOLLIN);
        CHECK(read(timer, &count, 8) == 8 && count >= 1);
    }

    CHECK_FAILS(timerfd_create(77, 0), EINVAL);
    CHECK_FAILS(timerfd_create(CLOCK_MONOTONIC, 0x1234), EINVAL);
    CHECK_FAILS(timerfd_settime(epoll, 0, &set, NULL), EINVAL);
    set.it_value.tv_nsec = 1000000000;
    CHECK_FAILS(timerfd_settime(timer, 0, &set, NULL), EINVAL);
    CHECK(close(timer) == 0 && close(wall) == 0 && close(epoll) == 0);
    return check_ok();
}
