// fork while other threads allocate, lock and wait: the child has one thread, with everything in order, and makes its
// own.
#include "check.h"

#include <sys/epoll.h>
#include <sys/wait.h>

#define ROUNDS 40

static volatile int ending;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *busy(void *argument) {
    uint64_t state = (uintptr_t)argument;
    while (!ending) {
        char *memory = malloc(random_next(&state) % 5000 + 1);
        memory[0] = 1;
        pthread_mutex_lock(&lock);
        pthread_mutex_unlock(&lock);
        free(memory);
    }
    return NULL;
}

static void *waiting(void *argument) {
    char byte;
    CHECK_EQUAL(read(*(int *)argument, &byte, 1), 1);
    return NULL;
}

static void *in_child(void *argument) {
    free(malloc(100));
    return argument;
}

int main(void) {
    int idle[2], watched[2];
    CHECK_EQUAL(pipe(idle), 0);
    CHECK_EQUAL(pipe(watched), 0);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN };
    CHECK_EQUAL(epoll_ctl(epoll, EPOLL_CTL_ADD, watched[0], &event), 0);
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 3; i++) threads[i] = thread_start(busy, (void *)(i + 1));
    threads[3] = thread_start(waiting, &idle[0]);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&lock);
        pid_t child = fork();
        pthread_mutex_unlock(&lock);
        CHECK(child >= 0);
        if (child == 0) {
            // The parent's epoll goes on watching what is closed here.
            close(watched[0]);
            close(epoll);
            close(idle[0]);
            pthread_t thread = thread_start(in_child, (void *)7);
            _exit(thread_join(thread) == (void *)7 ? 11 : 12);
        }
        int status;
        CHECK_EQUAL(waitpid(child, &status, 0), child);
        CHECK_EQUAL(status, 11 << 8);
    }
    CHECK_EQUAL(write(watched[1], "x", 1), 1);
    CHECK_EQUAL(epoll_wait(epoll, &event, 1, 10000), 1);
    ending = 1;
    CHECK_EQUAL(write(idle[1], "x", 1), 1);
    for (int i = 0; i < 4; i++) thread_join(threads[i]);
    return check_ok();
}
