// Shared anonymous memory with process-shared locks in it: the locks then use futexes that are keyed by the memory and
// not by the address, so that one taken through one mapping is released through another.
#include "check.h"
#include <semaphore.h>
#include <sys/mman.h>

enum { PAGE = 4096, THREADS = 3, EACH = 2000 };
struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_barrier_t barrier;
    sem_t items;
    int counter, turn;
};
static struct shared *shared;

static void *works(void *argument) {
    int self = (int)(intptr_t)argument;
    for (int i = 0; i < EACH; i++) {
        CHECK_EQUAL(pthread_mutex_lock(&shared->mutex), 0);
        int before = shared->counter;
        if (i % 100 == 0) sleep_us(10);
        shared->counter = before + 1;
        CHECK_EQUAL(pthread_mutex_unlock(&shared->mutex), 0);
    }
    pthread_barrier_wait(&shared->barrier);
    CHECK_EQUAL(shared->counter, THREADS * EACH);
    // In turn, by a condition variable.
    for (int i = 0; i < 100; i++) {
        CHECK_EQUAL(pthread_mutex_lock(&shared->mutex), 0);
        while (shared->turn % THREADS != self) CHECK_EQUAL(pthread_cond_wait(&shared->changed, &shared->mutex), 0);
        shared->turn++;
        CHECK_EQUAL(pthread_cond_broadcast(&shared->changed), 0);
        CHECK_EQUAL(pthread_mutex_unlock(&shared->mutex), 0);
        CHECK(sem_post(&shared->items) == 0);
    }
    return NULL;
}

int main(void) {
    shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    pthread_mutexattr_t mutex;
    pthread_condattr_t condition;
    pthread_barrierattr_t barrier;
    pthread_mutexattr_init(&mutex);
    pthread_condattr_init(&condition);
    pthread_barrierattr_init(&barrier);
    CHECK_EQUAL(pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQUAL(pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQUAL(pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQUAL(pthread_mutex_init(&shared->mutex, &mutex), 0);
    CHECK_EQUAL(pthread_cond_init(&shared->changed, &condition), 0);
    CHECK_EQUAL(pthread_barrier_init(&shared->barrier, &barrier, THREADS), 0);
    CHECK(sem_init(&shared->items, 1, 0) == 0);

    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++) threads[i] = thread_start(works, (void *)i);
    for (int i = 0; i < THREADS * 100; i++) CHECK(sem_wait(&shared->items) == 0);
    for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
    CHECK_EQUAL(shared->turn, THREADS * 100);
    printf("locks in shared memory ok\n");

    // The memory moves as a whole, and is not emptied by MADV_DONTNEED: it is not this mapping's alone.
    char *page = (char *)shared + PAGE;
    memset(page, 's', PAGE);
    CHECK(madvise(page, PAGE, MADV_DONTNEED) == 0 && page[0] == 's' && page[PAGE - 1] == 's');
    char *moved = mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                         (char *)mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK(moved != MAP_FAILED && moved[PAGE - 1] == 's' && munmap(moved, PAGE) == 0);
    CHECK(munmap(shared, PAGE) == 0);
    return check_ok();
}
