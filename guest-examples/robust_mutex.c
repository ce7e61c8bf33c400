// A thread that ends while it holds a robust mutex: the kernel walks the thread's robust list, marks the owner dead and
// wakes a waiter. It also clears the thread's id in memory and wakes the joiner.
#include "check.h"
#include <sys/syscall.h>

static pthread_mutex_t mutex;
static int clears_here = -1;

static void *dies_holding(void *argument) {
    (void)argument;
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    sleep_us(2000); // let the others queue up first
    return NULL;
}

static void *waits(void *argument) {
    int result = pthread_mutex_lock(&mutex);
    if (result == EOWNERDEAD) {
        ++*(int *)argument;
        CHECK_EQUAL(pthread_mutex_consistent(&mutex), 0);
    } else {
        CHECK_EQUAL(result, 0);
    }
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    return NULL;
}

static void *clears_elsewhere(void *argument) {
    (void)argument;
    // Tell the kernel to clear a word of ours at exit; pthread_join would wait for libc's own, so this thread is not
    // joined.
    CHECK_EQUAL(syscall(SYS_set_tid_address, &clears_here), syscall(SYS_gettid));
    return NULL;
}

int main(void) {
    for (int round = 0; round < 10; round++) {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        CHECK_EQUAL(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), 0);
        CHECK_EQUAL(pthread_mutex_init(&mutex, &attributes), 0);
        int told = 0; // written under the mutex
        pthread_t holder = thread_start(dies_holding, NULL), waiters[3];
        for (int i = 0; i < 3; i++) waiters[i] = thread_start(waits, &told);
        thread_join(holder);
        for (int i = 0; i < 3; i++) thread_join(waiters[i]);
        // If all waiters were faster than the holder, nobody was waiting when it died: then we are told.
        waits(&told);
        CHECK_EQUAL(told, 1);
        CHECK_EQUAL(pthread_mutex_destroy(&mutex), 0);
    }
    printf("every dead owner was reported once\n");

    pthread_attr_t detached;
    pthread_t thread;
    pthread_attr_init(&detached);
    CHECK_EQUAL(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED), 0);
    CHECK_EQUAL(pthread_create(&thread, &detached, clears_elsewhere, NULL), 0);
    CHECK_EVENTUALLY(__atomic_load_n(&clears_here, __ATOMIC_ACQUIRE) == 0);

    void *head = NULL;
    size_t size = 0;
    CHECK_EQUAL(syscall(SYS_get_robust_list, 0, &head, &size), 0);
    CHECK(head != NULL && size == 24);
    CHECK_FAILS(syscall(SYS_set_robust_list, head, 23), EINVAL);
    return check_ok();
}
