// Changing a process's ids: the kernel's calls change one thread only, so libc interrupts every thread with a signal of
// its own (33) and waits until each has made the call. Threads blocked in calls must go on undisturbed.
#include "check.h"
#include <stdatomic.h>

enum { THREADS = 5 };
static atomic_int ready, stop;
static int ends[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopped = PTHREAD_COND_INITIALIZER;

static void *is_busy(void *argument) {
    char byte;
    uint64_t sum = 0;
    ready++;
    switch ((intptr_t)argument) {
        case 0:
            while (!stop) sum++;
            break;
        case 1: CHECK_EQUAL(read(ends[0], &byte, 1), 1); break; // restarted, as if nothing had happened
        case 2:
            CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
            while (!stop) CHECK_EQUAL(pthread_cond_wait(&stopped, &mutex), 0);
            CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
            break;
        case 3:
            while (!stop) sleep_us(500);
            break;
        case 4:
            while (!stop) CHECK(getuid() == geteuid() && getgid() == getegid());
            break;
    }
    return NULL;
}

int main(void) {
    CHECK(pipe(ends) == 0);
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++) threads[i] = thread_start(is_busy, (void *)i);
    CHECK_EVENTUALLY(ready == THREADS);
    // To what they are already, which needs no privilege.
    for (int i = 0; i < 30; i++) {
        CHECK(setresuid((uid_t)-1, getuid(), (uid_t)-1) == 0);
        CHECK(setresgid((gid_t)-1, getgid(), (gid_t)-1) == 0);
    }
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    stop = 1;
    CHECK_EQUAL(pthread_cond_broadcast(&stopped), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
    printf("threads undisturbed\n");
    return check_ok();
}
