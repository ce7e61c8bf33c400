// More descriptors ready at once than an epoll's waiter may have thought of: one call shows all, each once.
#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#define MANY 6000

static struct epoll_event got[MANY];
static char seen[MANY];

int main(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < MANY + 20) limit.rlim_cur = limit.rlim_max < MANY + 20 ? limit.rlim_max : MANY + 20;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    int many = limit.rlim_cur < MANY + 20 ? (int)limit.rlim_cur - 20 : MANY, epoll = epoll_create1(0);
    for (int i = 0; i < many; i++) {
        struct epoll_event event = { .events = EPOLLIN | (i % 2 ? EPOLLET : 0), .data.u32 = (uint32_t)i };
        CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(1, 0), &event) == 0);
    }
    for (int round = 0; round < 3; round++) {
        // Level is told again in each round, edges are told once; a call for fewer gets fewer, and the rest comes.
        int wanted = round == 0 ? many : many - many / 2, ready = epoll_wait(epoll, got, many, 0);
        CHECK_EQUAL(ready, wanted);
        memset(seen, 0, sizeof seen);
        for (int i = 0; i < ready; i++) CHECK_EQUAL(seen[got[i].data.u32]++, 0);
    }
    CHECK_EQUAL(epoll_wait(epoll, got, 7, 1000), 7);
    return check_ok();
}
