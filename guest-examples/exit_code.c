// `exit_code NUMBER [HOW]`: ends with that status (its low eight bits), from main or from a thread while the others are
// blocked in all kinds of calls or are computing. The verdict is said by whoever comes last: an exit handler, or just
// before.
#include "check.h"
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int code;
static atomic_int ready;
static atomic_int leader_left;

static void *blocks(void *argument) {
    int ends[2];
    struct pollfd poll_one = { .events = POLLIN };
    struct epoll_event event;
    sigset_t set;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    CHECK(pipe(ends) == 0);
    ready++;
    switch ((intptr_t)argument) {
        case 0:
            if (read(ends[0], &event, 1) < 0) break;
            break;
        case 1:
            poll_one.fd = ends[0];
            poll(&poll_one, 1, -1);
            break;
        case 2: epoll_wait(epoll_create1(0), &event, 1, -1); break;
        case 3:
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            sigwaitinfo(&set, NULL);
            break;
        case 4:
            pthread_mutex_lock(&mutex);
            pthread_cond_wait(&never, &mutex);
            break;
        case 5: sleep_us(100000000); break;
        case 6:
            for (;;) __asm__ volatile("pause");
    }
    check_failed(__FILE__, __LINE__, "call %d came back", (int)(intptr_t)argument);
}

static void *leaves(void *how) {
    if (strcmp(how, "thread") == 0) exit(code);
    if (strcmp(how, "thread_raw") == 0) {
        check_ok();
        syscall(SYS_exit_group, code);
    }
    // leader: the first thread is gone already, as a zombie. The process lives on until this one ends too.
    CHECK_EVENTUALLY(leader_left == 1);
    sleep_us(5000);
    CHECK(kill(getpid(), 0) == 0);
    if (strcmp(how, "main_leaves") == 0) return NULL;
    check_ok();
    syscall(SYS_exit, code);
    return NULL;
}

static void at_exit(void) { check_ok(); }

int main(int argc, char **argv) {
    code = argc > 1 ? atoi(argv[1]) : 0;
    const char *how = argc > 2 ? argv[2] : "return";
    CHECK(atexit(at_exit) == 0);
    if (strcmp(how, "return") == 0) return code;
    if (strcmp(how, "exit") == 0) exit(code);
    if (strcmp(how, "_exit") == 0) check_ok(), _exit(code); // these two run no exit handlers
    if (strcmp(how, "quick_exit") == 0) check_ok(), quick_exit(code);
    if (strcmp(how, "leader") == 0) {
        thread_start(leaves, (void *)how);
        leader_left = 1;
        syscall(SYS_exit, code); // only this thread
    }
    if (strcmp(how, "main_leaves") == 0) { // libc: the last thread to return ends the process, with 0
        leader_left = 1;
        thread_start(leaves, (void *)how);
        pthread_exit(NULL);
    }
    for (intptr_t i = 0; i < 7; i++) thread_start(blocks, (void *)i);
    CHECK_EVENTUALLY(ready == 7);
    sleep_us(2000);
    thread_join(thread_start(leaves, (void *)how));
    check_failed(__FILE__, __LINE__, "still here, or no such way: %s", how);
}
