// Leaving many frames at once: from deep recursion, again and again from a loop, out of a handler with and without the
// signal mask, in several threads at the same time.
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

static __thread jmp_buf plain;
static __thread sigjmp_buf with_mask;
static volatile int ticks;

__attribute__((noinline)) static void dive(int depth, int value) {
    volatile char frame[200];
    frame[0] = (char)depth;
    if (depth < 0) return; // never, but the compiler must believe that this ends
    if (depth == 0) longjmp(plain, value);
    dive(depth - 1, value);
    check_failed(__FILE__, __LINE__, "came back from %d", frame[0]);
}

static void *jumps(void *argument) {
    volatile uint64_t sum = 0;
    volatile double number = 1;
    for (volatile int i = 0; i < 2000; i++) {
        int value = setjmp(plain);
        if (value == 0) dive(1 + i % 50, i + 1);
        CHECK_EQUAL(value, i + 1);
        sum = sum + (uint64_t)value;
        number = number * 1.001;
    }
    CHECK_EQUAL(sum, 2000 * 2001 / 2);
    CHECK(number > 7.3 && number < 7.4);
    CHECK(setjmp(plain) == 1 || (longjmp(plain, 0), 0)); // 0 arrives as 1
    return argument;
}

static void leaves(int signal) {
    (void)signal;
    ticks = ticks + 1;
    siglongjmp(with_mask, 1);
}

static int blocked(int signal) {
    sigset_t mask;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
    return sigismember(&mask, signal);
}

int main(void) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) threads[i] = thread_start(jumps, NULL);
    jumps(NULL);
    for (int i = 0; i < 3; i++) thread_join(threads[i]);
    printf("jumps ok\n");

    struct sigaction action = { .sa_handler = leaves };
    sigaddset(&action.sa_mask, SIGUSR2);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
    for (volatile int i = 0; i < 300; i++) {
        // With the mask: the signal can come again. Without: it stays blocked, and so does what the handler had
        // blocked.
        if (sigsetjmp(with_mask, 1) == 0) {
            raise(SIGUSR1);
            check_failed(__FILE__, __LINE__, "the handler came back");
        }
        CHECK(!blocked(SIGUSR1) && !blocked(SIGUSR2) && ticks == i + 1);
    }
    if (sigsetjmp(with_mask, 0) == 0) raise(SIGUSR1);
    CHECK(blocked(SIGUSR1) && blocked(SIGUSR2));
    sigset_t none;
    sigemptyset(&none);
    CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
    printf("jumps out of handlers ok\n");

    // Out of an endless loop, by a timer: the classic timeout.
    for (volatile int i = 0; i < 20; i++) {
        struct itimerval soon = { { 0, 0 }, { 0, 1000 } };
        if (sigsetjmp(with_mask, 1) == 0) {
            CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
            for (;;) __asm__ volatile("pause");
        }
        CHECK_EQUAL(ticks, 302 + i);
    }
    return check_ok();
}
