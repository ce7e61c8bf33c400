// The other ways threads wait for each other: barriers, read-write locks, semaphores, once, join with a result,
// detached threads that nobody joins, thread-specific data with destructors, cancellation.
#include "check.h"
#include <semaphore.h>
#include <stdatomic.h>

enum { THREADS = 5, ROUNDS = 200 };
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static atomic_int in_round, serial_threads, initialised, destroyed, detached_done, cleaned_up;
static long pair[2];
static sem_t tokens;

static void initialise(void) { initialised++; }
static void destroy(void *value) { destroyed += *(int *)value; }
static void clean_up(void *argument) { *(atomic_int *)argument += 1; }

static void *rounds(void *argument) {
    int one = 1;
    CHECK_EQUAL(pthread_setspecific(key, &one), 0);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_once(&once, initialise);
        in_round++;
        int result = pthread_barrier_wait(&barrier);
        // Nobody passes the barrier before all have arrived.
        CHECK_EQUAL(in_round, THREADS * (i + 1));
        if (result == PTHREAD_BARRIER_SERIAL_THREAD)
            serial_threads++;
        else
            CHECK_EQUAL(result, 0);
        pthread_barrier_wait(&barrier);

        if ((i + (intptr_t)argument) % THREADS == 0) {
            CHECK_EQUAL(pthread_rwlock_wrlock(&rwlock), 0);
            pair[0]++;
            sleep_us(10); // a reader let in here would see the two differ
            pair[1]++;
        } else {
            CHECK_EQUAL(pthread_rwlock_rdlock(&rwlock), 0);
            CHECK_EQUAL(pair[0], pair[1]);
        }
        CHECK_EQUAL(pthread_rwlock_unlock(&rwlock), 0);
    }
    return (void *)((intptr_t)argument * 11);
}

static void *detached(void *argument) {
    (void)argument;
    CHECK(sem_wait(&tokens) == 0);
    detached_done++;
    return NULL;
}

static void *waits_forever(void *argument) {
    pthread_cleanup_push(clean_up, argument);
    for (;;) pause(); // a cancellation point
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    CHECK_EQUAL(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    CHECK_EQUAL(pthread_key_create(&key, destroy), 0);
    for (intptr_t i = 0; i < THREADS; i++) threads[i] = thread_start(rounds, (void *)i);
    for (intptr_t i = 0; i < THREADS; i++) CHECK_EQUAL((intptr_t)thread_join(threads[i]), i * 11);
    CHECK_EQUAL(serial_threads, ROUNDS);
    CHECK_EQUAL(initialised, 1);
    CHECK_EQUAL(destroyed, THREADS);
    CHECK_EQUAL(pair[0], ROUNDS);
    printf("barriers and read-write locks ok\n");

    // Many short detached threads one after another: their stacks and ids are reused.
    CHECK(sem_init(&tokens, 0, 0) == 0);
    for (int i = 0; i < 60; i++) {
        CHECK_EQUAL(pthread_detach(thread_start(detached, NULL)), 0);
        CHECK(sem_post(&tokens) == 0);
    }
    CHECK_EVENTUALLY(detached_done == 60);
    CHECK_FAILS(sem_trywait(&tokens), EAGAIN);
    printf("detached threads ok\n");

    pthread_t thread = thread_start(waits_forever, &cleaned_up);
    CHECK_EQUAL(pthread_tryjoin_np(thread, NULL), EBUSY);
    CHECK_EQUAL(pthread_cancel(thread), 0);
    CHECK(thread_join(thread) == PTHREAD_CANCELED);
    // Cancelled before it ran is possible; then there was nothing to clean up.
    CHECK(cleaned_up <= 1);
    printf("cancellation ok\n");
    return check_ok();
}
