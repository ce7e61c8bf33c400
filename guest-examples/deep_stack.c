// A stack that grows by being touched: recursion several MiB deep, a step far below what was touched before, large
// frames in threads; every frame is checked on the way back.
#include "check.h"
#include <alloca.h>
#include <sys/resource.h>

__attribute__((noinline)) static uint64_t descend(int depth, uint64_t seed) {
    volatile uint64_t frame[64]; // half a KiB each
    for (int i = 0; i < 64; i++) frame[i] = seed + (uint64_t)(depth * i);
    uint64_t below = depth > 0 ? descend(depth - 1, seed * 3 + 1) : 0;
    for (int i = 0; i < 64; i++) CHECK_EQUAL(frame[i], seed + (uint64_t)(depth * i));
    return below * 5 + frame[63];
}

// One frame that spans megabytes: its lowest byte is written first.
__attribute__((noinline)) static void leap(size_t size) {
    volatile char *bytes = alloca(size);
    bytes[0] = 1;
    for (size_t at = 4096; at < size; at += 4096) CHECK_EQUAL(bytes[at], 0);
    for (size_t at = 0; at < size; at += 4096) bytes[at] = (char)(at >> 12);
    sleep_us(100);
    for (size_t at = 0; at < size; at += 4096) CHECK_EQUAL(bytes[at], (char)(at >> 12));
    for (size_t at = 0; at < size; at += 4096) bytes[at] = 0; // as it was found, for the next one
}

struct result {
    uint64_t value;
};

static void *in_thread(void *argument) {
    struct result *result = argument;
    leap(6 << 20);
    result->value = descend(10000, 1);
    return result;
}

int main(void) {
    struct rlimit limit, again;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    CHECK(limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= 8 << 20); // the usual limit is needed here
    uint64_t expected = descend(10000, 1);                               // about 6 MiB with what each call adds
    printf("recursion %016llx\n", (unsigned long long)expected);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(descend(10000, 1), expected);

    // The limit can be changed while running; raised, the stack may grow further at once.
    struct rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > 16 << 20 ? 16 << 20 : limit.rlim_max;
    CHECK(setrlimit(RLIMIT_STACK, &raised) == 0 && getrlimit(RLIMIT_STACK, &again) == 0 &&
          again.rlim_cur == raised.rlim_cur);
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);

    // Thread stacks: one made large, one given by us, several at once.
    struct result results[3];
    pthread_t threads[3];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    CHECK_EQUAL(pthread_attr_setstacksize(&attributes, 24 << 20), 0);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(pthread_create(&threads[i], &attributes, in_thread, &results[i]), 0);
    for (int i = 0; i < 3; i++) CHECK(thread_join(threads[i]) == &results[i] && results[i].value == expected);
    void *own = aligned_alloc(4096, 16 << 20);
    CHECK(own != NULL);
    memset(own, 0, 16 << 20);
    pthread_attr_init(&attributes);
    CHECK_EQUAL(pthread_attr_setstack(&attributes, own, 16 << 20), 0);
    CHECK_EQUAL(pthread_create(&threads[0], &attributes, in_thread, &results[0]), 0);
    CHECK(thread_join(threads[0]) == &results[0] && results[0].value == expected);
    free(own);
    printf("thread stacks ok\n");
    return check_ok();
}
