// The futex operations themselves, without libc's locks on top: who is woken, how many, with which result.
#include "check.h"
#include <linux/futex.h>
#include <limits.h>
#include <sys/syscall.h>

static int word, other, turn;

static long futex(int *address, int operation, int value, const void *timeout_or_count, int *second, unsigned third) {
    return syscall(SYS_futex, address, operation, value, timeout_or_count, second, third);
}
static int load(int *address) { return __atomic_load_n(address, __ATOMIC_SEQ_CST); }
static void store(int *address, int value) { __atomic_store_n(address, value, __ATOMIC_SEQ_CST); }

static void *pong(void *rounds) {
    for (int i = 0; i < (intptr_t)rounds; i++) {
        while (load(&turn) != 1) futex(&turn, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
        store(&turn, 0);
        futex(&turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

static void *wait_on_word(void *argument) { // returns the result of the one wait
    (void)argument;
    long result;
    do result = futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    while (result == -1 && errno == EINTR);
    return (void *)result;
}

static void *wait_for_bits(void *bits) {
    return (void *)futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (unsigned)(uintptr_t)bits);
}

static void mismatches_and_timeouts(void) {
    struct timespec short_time = { 0, 10000000 }, past = { 1, 0 };
    CHECK_FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0), EAGAIN);
    CHECK_FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 1, &short_time, NULL, 0), EAGAIN);
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    CHECK_FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &short_time, NULL, 0), ETIMEDOUT);
    CHECK_FAILS(futex(&word, FUTEX_WAIT, 0, &short_time, NULL, 0), ETIMEDOUT); // not private: another kind of key
    CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 20000000);

    // With BITSET the time is absolute, on either clock.
    static const struct {
        clockid_t clock;
        int flag;
    } clocks[] = { { CLOCK_MONOTONIC, 0 }, { CLOCK_REALTIME, FUTEX_CLOCK_REALTIME } };
    for (int i = 0; i < 2; i++) {
        int operation = FUTEX_WAIT_BITSET_PRIVATE | clocks[i].flag;
        CHECK_FAILS(futex(&word, operation, 0, &past, NULL, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
        int64_t until = clock_ns(clocks[i].clock) + 10000000;
        struct timespec deadline = { until / 1000000000, until % 1000000000 };
        CHECK_FAILS(futex(&word, operation, 0, &deadline, NULL, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
        CHECK(clock_ns(clocks[i].clock) >= until);
    }
    struct timespec bad = { 0, 1000000000 };
    CHECK_FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &bad, NULL, 0), EINVAL);
    CHECK_FAILS(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0), EINVAL);
    CHECK_FAILS(futex((int *)((char *)&word + 1), FUTEX_WAIT_PRIVATE, 0, &past, NULL, 0), EINVAL);
    CHECK_FAILS(futex((int *)64, FUTEX_WAIT_PRIVATE, 0, &past, NULL, 0), EFAULT);
    CHECK_FAILS(futex(&word, 99, 0, NULL, NULL, 0), ENOSYS);
    CHECK_EQUAL(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0); // nobody is left waiting
    printf("mismatches and timeouts ok\n");
}

// A thread cannot be seen to sleep, so wake or move until as many as were started have been reached: each counts once.
static void wake_and_requeue(void) {
    enum { WAITERS = 5 };
    pthread_t threads[WAITERS];
    for (int i = 0; i < WAITERS; i++) threads[i] = thread_start(wait_on_word, NULL);
    CHECK_FAILS(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)WAITERS, &other, 1), EAGAIN);
    long moved = 0;
    CHECK_EVENTUALLY((moved += futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)WAITERS, &other, 0)) == WAITERS);
    CHECK_EQUAL(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
    CHECK_EQUAL(futex(&other, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0), 2);

    // WAKE_OP: other += 3, and since it was 4 (> 3) those waiting there are woken as well.
    other = 4;
    int operation = FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_GT, 3);
    CHECK_EQUAL(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, (unsigned)operation), 1);
    CHECK_EQUAL(other, 7);
    operation = FUTEX_OP(FUTEX_OP_ANDN, 2, FUTEX_OP_CMP_EQ, 0); // the comparison fails: nobody is woken
    CHECK_EQUAL(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)9, &other, (unsigned)operation), 0);
    CHECK_EQUAL(other, 5);
    CHECK_EQUAL(futex(&other, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 2);
    for (int i = 0; i < WAITERS; i++) CHECK_EQUAL((intptr_t)thread_join(threads[i]), 0);
    other = 0;
    printf("requeue and wake-op ok\n");
}

static void bit_sets(void) {
    pthread_t four = thread_start(wait_for_bits, (void *)4), three = thread_start(wait_for_bits, (void *)3);
    CHECK_EVENTUALLY(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 4 | 8) == 1);
    CHECK_EQUAL((intptr_t)thread_join(four), 0);
    CHECK_EQUAL(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 4), 0);
    CHECK_EVENTUALLY(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 2) == 1);
    CHECK_EQUAL((intptr_t)thread_join(three), 0);
    printf("bit sets ok\n");
}

int main(void) {
    enum { ROUNDS = 3000 };
    pthread_t thread = thread_start(pong, (void *)ROUNDS);
    for (int i = 0; i < ROUNDS; i++) {
        store(&turn, 1);
        futex(&turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
        while (load(&turn) != 0) futex(&turn, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
    }
    thread_join(thread);
    printf("%d rounds of ping-pong\n", ROUNDS);
    mismatches_and_timeouts();
    wake_and_requeue();
    bit_sets();
    return check_ok();
}
