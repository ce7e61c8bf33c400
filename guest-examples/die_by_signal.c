// `die_by_signal NUMBER [HOW]`: ends by a signal whose default is to end the program, sent in one of several ways. The
// whole process ends, with that signal as its status, whatever its other threads are doing.
#include "check.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>

static int number;
static atomic_int ready;

static void *computes(void *argument) {
    ready++;
    for (;;) __asm__ volatile("pause");
    return argument;
}

static void *sleeps(void *argument) {
    ready++;
    for (;;) sleep_us(1000000);
    return argument;
}

static void *sends(void *argument) {
    (void)argument;
    CHECK(kill(getpid(), number) == 0);
    for (;;) pause();
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 2)
        check_failed(__FILE__, __LINE__,
                     "usage: die_by_signal NUMBER [kill|raise|thread|blocked|abort|pipe|alarm|tgkill]");
    number = atoi(argv[1]);
    const char *how = argc > 2 ? argv[2] : "kill";
    printf("signal %d by %s\n", number, how);
    // A starter may have left it ignored or blocked.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    if (strcmp(how, "kill") == 0) {
        kill(getpid(), number);
    } else if (strcmp(how, "raise") == 0) {
        raise(number);
    } else if (strcmp(how, "thread") == 0) {
        thread_start(computes, NULL);
        thread_start(sleeps, NULL);
        CHECK_EVENTUALLY(ready == 2);
        thread_join(thread_start(sends, NULL));
    } else if (strcmp(how, "blocked") == 0) { // pending until it is unblocked
        CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && kill(getpid(), number) == 0);
        sleep_us(1000);
        printf("still here\n");
        sigprocmask(SIG_UNBLOCK, &set, NULL);
    } else if (strcmp(how, "abort") == 0) { // ends the program even where SIGABRT is ignored
        signal(SIGABRT, SIG_IGN);
        abort();
    } else if (strcmp(how, "pipe") == 0) {
        int ends[2];
        CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
        CHECK(write(ends[1], "x", 1) < 0);
    } else if (strcmp(how, "alarm") == 0) {
        alarm(1);
        for (;;) pause();
    } else if (strcmp(how, "tgkill") == 0) {
        CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number) == 0);
    }
    check_failed(__FILE__, __LINE__, "survived");
}
