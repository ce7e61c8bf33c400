// Mutexes with priority inheritance, whose word says who owns them: contended, timed, robust, in a circle; and the
// futex operations themselves.
#include "check.h"
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>

enum { THREADS = 4, ROUNDS = 3000, FUTEX_LOCK_PI2_ = 13, OWNER = FUTEX_TID_MASK };
static pthread_mutex_t mutex, second;
static pthread_barrier_t both;
static unsigned long counter;
static unsigned condition, lock_word;

static long futex(unsigned *address, int operation, unsigned value, const void *timeout, unsigned *other,
                  unsigned third) {
    return syscall(SYS_futex, address, operation | FUTEX_PRIVATE_FLAG, value, timeout, other, third);
}

static unsigned load(unsigned *address) { return __atomic_load_n(address, __ATOMIC_SEQ_CST); }

static void make(pthread_mutex_t *made, int kind, int robustness) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    CHECK_EQUAL(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT), 0);
    CHECK_EQUAL(pthread_mutexattr_settype(&attributes, kind), 0);
    CHECK_EQUAL(pthread_mutexattr_setrobust(&attributes, robustness), 0);
    CHECK_EQUAL(pthread_mutex_init(made, &attributes), 0);
}

static void *add(void *argument) {
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
        unsigned long seen = counter;
        if (i % 64 == 0) sched_yield();
        counter = seen + 1;
        CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    }
    return argument;
}

static void ignore(int signal) { (void)signal; }

static void *lock_once(void *argument) {
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    counter++;
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    return argument;
}

static void contended(void) {
    pthread_t threads[THREADS];
    make(&mutex, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
    for (int i = 0; i < THREADS; i++) threads[i] = thread_start(add, NULL);
    for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
    CHECK_EQUAL(counter, THREADS * ROUNDS);

    // A waiter that is interrupted again and again, by a handler, goes on waiting.
    struct sigaction action = { .sa_handler = ignore };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    CHECK_EQUAL(pthread_mutex_lock(&mutex), EDEADLK);
    threads[0] = thread_start(lock_once, NULL);
    for (int i = 0; i < 20; i++) {
        sleep_us(500);
        CHECK_EQUAL(pthread_kill(threads[0], SIGUSR1), 0);
    }
    CHECK_EQUAL(counter, THREADS * ROUNDS);
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    thread_join(threads[0]);
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), EPERM);
    CHECK_EQUAL(pthread_mutex_destroy(&mutex), 0);
    printf("contended ok\n");
}

static void *try_and_time(void *argument) {
    CHECK_EQUAL(pthread_mutex_trylock(&mutex), EBUSY);
    int64_t until = clock_ns(CLOCK_REALTIME) + 10000000;
    struct timespec deadline = { until / 1000000000, until % 1000000000 };
    CHECK_EQUAL(pthread_mutex_timedlock(&mutex, &deadline), ETIMEDOUT);
    CHECK(clock_ns(CLOCK_REALTIME) >= until);
    until = clock_ns(CLOCK_MONOTONIC) + 10000000;
    deadline = (struct timespec){ until / 1000000000, until % 1000000000 };
    unsigned *word = (unsigned *)&mutex;
    CHECK_FAILS(futex(word, FUTEX_LOCK_PI2_, 0, &deadline, NULL, 0), ETIMEDOUT);
    CHECK(clock_ns(CLOCK_MONOTONIC) >= until);
    CHECK_FAILS(futex(word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), EAGAIN);
    CHECK_FAILS(futex(word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
    return argument;
}

static void *close_circle(void *argument) {
    CHECK_EQUAL(pthread_mutex_lock(&second), 0);
    pthread_barrier_wait(&both);
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0); // waits for the main thread
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&second), 0);
    return argument;
}

static void refused(void) {
    make(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    make(&second, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    thread_join(thread_start(try_and_time, NULL));
    // Each waits for the other's: the kernel finds the circle.
    CHECK_EQUAL(pthread_barrier_init(&both, NULL, 2), 0);
    pthread_t thread = thread_start(close_circle, NULL);
    pthread_barrier_wait(&both);
    CHECK_EVENTUALLY(load((unsigned *)&mutex) & FUTEX_WAITERS);
    sleep_us(20000); // it marks the word before it sleeps
    CHECK_FAILS(futex((unsigned *)&second, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    thread_join(thread);

    unsigned word = 0x3ffffff0; // nobody's
    CHECK_FAILS(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), ESRCH);
    CHECK_EQUAL(word & OWNER, 0x3ffffff0);
    CHECK_FAILS(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
    CHECK_FAILS(futex((unsigned *)64, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EFAULT);
    CHECK_FAILS(futex(&word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0), ENOSYS);
    word = 0;
    CHECK_EQUAL(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
    CHECK_EQUAL(word & OWNER, syscall(SYS_gettid));
    CHECK_FAILS(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
    CHECK_EQUAL(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
    CHECK_EQUAL(word, 0);
    printf("refusals ok\n");
}

static void *dies_holding(void *argument) {
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    sleep_us(3000);
    return argument;
}

static void *takes_over(void *told) {
    int result = pthread_mutex_lock(&mutex);
    if (result == EOWNERDEAD) {
        ++*(int *)told;
        CHECK_EQUAL(pthread_mutex_consistent(&mutex), 0);
    } else {
        CHECK_EQUAL(result, 0);
    }
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    return NULL;
}

static void dead_owners(void) {
    for (int round = 0; round < 10; round++) {
        int told = 0;
        make(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
        pthread_t holder = thread_start(dies_holding, NULL), waiters[3];
        for (int i = 0; i < 3; i++) waiters[i] = thread_start(takes_over, &told);
        thread_join(holder);
        for (int i = 0; i < 3; i++) thread_join(waiters[i]);
        takes_over(&told); // if all were faster than the holder
        CHECK_EQUAL(told, 1);
        CHECK_EQUAL(pthread_mutex_destroy(&mutex), 0);
    }
    printf("every dead owner was reported once\n");
}

static void *wait_to_be_moved(void *argument) {
    long result = futex(&condition, FUTEX_WAIT_REQUEUE_PI, 0, argument, &lock_word, 0);
    if (result == 0) {
        CHECK_EQUAL(load(&lock_word) & OWNER, syscall(SYS_gettid));
        counter++;
        CHECK_EQUAL(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
        return NULL;
    }
    return (void *)(intptr_t)errno;
}

static void moved(void) {
    int64_t soon = clock_ns(CLOCK_MONOTONIC) + 10000000;
    struct timespec deadline = { soon / 1000000000, soon % 1000000000 };
    CHECK_EQUAL((intptr_t)wait_to_be_moved(&deadline), ETIMEDOUT);
    condition = 1;
    CHECK_EQUAL((intptr_t)wait_to_be_moved(NULL), EAGAIN);
    condition = 0;
    CHECK_FAILS(futex(&condition, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &condition, 0), EINVAL);
    CHECK_FAILS(futex(&condition, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, &lock_word, 0), EINVAL);
    CHECK_FAILS(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &lock_word, 7), EAGAIN);

    // With the lock taken all are moved, and get it one after the other.
    pthread_t threads[THREADS];
    counter = 0;
    CHECK_EQUAL(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
    for (int i = 0; i < THREADS; i++) threads[i] = thread_start(wait_to_be_moved, NULL);
    long count = 0;
    CHECK_EVENTUALLY((count += futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)INT_MAX, &lock_word, 0)) == THREADS);
    CHECK_EQUAL(counter, 0);
    CHECK_FAILS(futex(&lock_word, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
    CHECK_EQUAL(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL((intptr_t)thread_join(threads[i]), 0);
    CHECK_EQUAL(counter, THREADS);

    // With the lock free the first has it at once.
    threads[0] = thread_start(wait_to_be_moved, NULL);
    CHECK_EVENTUALLY(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)0, &lock_word, 0) == 1);
    CHECK_EQUAL((intptr_t)thread_join(threads[0]), 0);
    CHECK_EQUAL(load(&lock_word), 0);
    printf("moved waiters ok\n");
}

int main(void) {
    contended();
    refused();
    dead_owners();
    moved();
    return check_ok();
}
