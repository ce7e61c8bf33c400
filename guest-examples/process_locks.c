// Locks in memory that processes share: a child and its parent wait for each other at mutexes, conditions, semaphores
// and barriers, and a child that dies with a lock leaves it to be recovered.
#include "check.h"
#include <linux/futex.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { ROUNDS = 300 };
static struct shared {
    pthread_mutex_t lock, owned;
    pthread_cond_t changed;
    pthread_barrier_t barrier;
    sem_t full, empty;
    int turn, total, item;
} *shared;

static void take_turns(int own) {
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&shared->lock);
        while (shared->turn != own) pthread_cond_wait(&shared->changed, &shared->lock);
        shared->turn = !own;
        shared->total++;
        pthread_cond_signal(&shared->changed);
        pthread_mutex_unlock(&shared->lock);
    }
    pthread_barrier_wait(&shared->barrier);
}

static void *meet(void *unused) { return pthread_barrier_wait(&shared->barrier), unused; }

static volatile int has_entered;

static void *enter(void *unused) {
    CHECK_EQUAL(pthread_mutex_lock(&shared->owned), 0);
    has_entered = 1;
    CHECK_EQUAL(pthread_mutex_unlock(&shared->owned), 0);
    return unused;
}

// Who waits for a lock that knows its owner goes on waiting when the first child is started.
static void kept_over_fork(void) {
    pthread_mutexattr_t kind;
    CHECK(pthread_mutexattr_init(&kind) == 0 && pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT) == 0);
    CHECK_EQUAL(pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED), 0);
    CHECK(pthread_mutex_init(&shared->owned, &kind) == 0 && pthread_mutex_lock(&shared->owned) == 0);
    pthread_t thread = thread_start(enter, NULL);
    CHECK_EVENTUALLY(*(volatile unsigned *)&shared->owned & FUTEX_WAITERS);
    pid_t child = fork();
    if (child == 0) _exit(0);
    CHECK_EQUAL(waitpid(child, NULL, 0), child);
    sleep_us(20000);
    CHECK_EQUAL(has_entered, 0);
    CHECK_EQUAL(pthread_mutex_unlock(&shared->owned), 0);
    thread_join(thread);
    CHECK_EQUAL(has_entered, 1);
}

int main(void) {
    pthread_mutexattr_t mutex;
    pthread_condattr_t condition;
    pthread_barrierattr_t barrier;
    struct timespec soon;
    int status, sum = 0;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    kept_over_fork();
    CHECK(pthread_mutexattr_init(&mutex) == 0 && pthread_condattr_init(&condition) == 0);
    CHECK(pthread_barrierattr_init(&barrier) == 0 && pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutex_init(&shared->lock, &mutex) == 0 && pthread_cond_init(&shared->changed, &condition) == 0);
    CHECK(pthread_barrier_init(&shared->barrier, &barrier, 3) == 0);
    CHECK(sem_init(&shared->full, 1, 0) == 0 && sem_init(&shared->empty, 1, 1) == 0);
    CHECK(clock_gettime(CLOCK_REALTIME, &soon) == 0);
    CHECK_FAILS(sem_timedwait(&shared->full, &soon), ETIMEDOUT);

    pid_t child = fork();
    if (child == 0) {
        take_turns(1);
        for (int item = 0; item < ROUNDS; item++) {
            sem_wait(&shared->empty);
            shared->item = item;
            sem_post(&shared->full);
        }
        pthread_mutex_lock(&shared->lock);
        _exit(7);
    }
    pthread_t third = thread_start(meet, NULL);
    take_turns(0);
    thread_join(third);
    CHECK_EQUAL(shared->total, 2 * ROUNDS);
    for (int item = 0; item < ROUNDS; item++) {
        CHECK_EQUAL(sem_wait(&shared->full), 0);
        sum += shared->item;
        CHECK_EQUAL(sem_post(&shared->empty), 0);
    }
    CHECK_EQUAL(sum, ROUNDS * (ROUNDS - 1) / 2);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK_EQUAL(pthread_mutex_lock(&shared->lock), EOWNERDEAD);
    CHECK(pthread_mutex_consistent(&shared->lock) == 0 && pthread_mutex_unlock(&shared->lock) == 0);
    return check_ok();
}
