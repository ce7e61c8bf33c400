// A bounded queue between producers and consumers: every hand-over is a futex wait and wake. Each number must arrive
// exactly once; a wake-up lost at a stop leaves the program hanging, one made twice shows in the sum.
#include "check.h"

enum { PRODUCERS = 3, CONSUMERS = 3, EACH = 3000, CAPACITY = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static int queue[CAPACITY], head, length, producers_left = PRODUCERS;
static unsigned char arrived[PRODUCERS * EACH];

static void *produce(void *argument) {
    int first = (int)(intptr_t)argument * EACH;
    for (int i = 0; i < EACH; i++) {
        CHECK_EQUAL(pthread_mutex_lock(&lock), 0);
        while (length == CAPACITY) CHECK_EQUAL(pthread_cond_wait(&not_full, &lock), 0);
        queue[(head + length++) % CAPACITY] = first + i;
        CHECK_EQUAL(pthread_cond_signal(&not_empty), 0);
        CHECK_EQUAL(pthread_mutex_unlock(&lock), 0);
    }
    CHECK_EQUAL(pthread_mutex_lock(&lock), 0);
    if (--producers_left == 0) CHECK_EQUAL(pthread_cond_broadcast(&not_empty), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&lock), 0);
    return NULL;
}

static void *consume(void *argument) {
    (void)argument;
    intptr_t count = 0;
    for (;;) {
        CHECK_EQUAL(pthread_mutex_lock(&lock), 0);
        while (length == 0 && producers_left > 0) CHECK_EQUAL(pthread_cond_wait(&not_empty, &lock), 0);
        if (length == 0) break;
        int item = queue[head];
        head = (head + 1) % CAPACITY;
        length--;
        arrived[item]++;
        CHECK_EQUAL(pthread_cond_signal(&not_full), 0);
        CHECK_EQUAL(pthread_mutex_unlock(&lock), 0);
        count++;
    }
    CHECK_EQUAL(pthread_mutex_unlock(&lock), 0);
    return (void *)count;
}

int main(void) {
    pthread_t producers[PRODUCERS], consumers[CONSUMERS];
    for (intptr_t i = 0; i < CONSUMERS; i++) consumers[i] = thread_start(consume, NULL);
    for (intptr_t i = 0; i < PRODUCERS; i++) producers[i] = thread_start(produce, (void *)i);
    for (int i = 0; i < PRODUCERS; i++) thread_join(producers[i]);
    intptr_t total = 0;
    for (int i = 0; i < CONSUMERS; i++) total += (intptr_t)thread_join(consumers[i]);
    CHECK_EQUAL(total, PRODUCERS * EACH);
    for (int i = 0; i < PRODUCERS * EACH; i++) CHECK_EQUAL(arrived[i], 1);

    // A timed wait nobody answers ends by its deadline, not before it, with the lock held again.
    struct timespec deadline;
    CHECK(clock_gettime(CLOCK_REALTIME, &deadline) == 0);
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    deadline.tv_nsec += 20000000;
    if (deadline.tv_nsec >= 1000000000) deadline.tv_nsec -= 1000000000, deadline.tv_sec++;
    CHECK_EQUAL(pthread_mutex_lock(&lock), 0);
    int result;
    while ((result = pthread_cond_timedwait(&not_empty, &lock, &deadline)) == 0) {}
    CHECK_EQUAL(result, ETIMEDOUT);
    CHECK(clock_ns(CLOCK_MONOTONIC) - before > 15000000);
    CHECK_EQUAL(pthread_mutex_trylock(&lock), EBUSY);
    CHECK_EQUAL(pthread_mutex_unlock(&lock), 0);
    printf("%d items arrived once\n", PRODUCERS * EACH);
    return check_ok();
}
