// Timers that run on processor time, as profilers use them: ITIMER_VIRTUAL, ITIMER_PROF and a timer on the thread's own
// clock. They fire while the program computes and stand still while it sleeps.
#include "check.h"
#include <signal.h>
#include <sys/time.h>

static volatile int fired[65];

static void note(int signal) { fired[signal] = fired[signal] + 1; }

static void compute_until(volatile int *count, int wanted) {
    int64_t limit = clock_ns(CLOCK_MONOTONIC) + 20000000000LL;
    while (*count < wanted) {
        for (int i = 0; i < 20000; i++) __asm__ volatile("");
        CHECK(clock_ns(CLOCK_MONOTONIC) < limit);
    }
}

int main(void) {
    struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART };
    CHECK(sigaction(SIGVTALRM, &action, NULL) == 0);
    CHECK(sigaction(SIGPROF, &action, NULL) == 0);
    CHECK(sigaction(SIGRTMIN, &action, NULL) == 0);

    struct itimerval every = { { 0, 5000 }, { 0, 5000 } }, off = { 0 }, left;
    CHECK(setitimer(ITIMER_VIRTUAL, &every, NULL) == 0);
    compute_until(&fired[SIGVTALRM], 3);
    CHECK(setitimer(ITIMER_VIRTUAL, &off, &left) == 0 && left.it_interval.tv_usec > 0);
    printf("virtual timer ok\n");

    CHECK(setitimer(ITIMER_PROF, &every, NULL) == 0);
    compute_until(&fired[SIGPROF], 3);
    CHECK(setitimer(ITIMER_PROF, &off, NULL) == 0);
    int before = fired[SIGPROF];
    for (int64_t used = clock_ns(CLOCK_THREAD_CPUTIME_ID); clock_ns(CLOCK_THREAD_CPUTIME_ID) < used + 8000000;) {}
    CHECK_EQUAL(fired[SIGPROF], before);
    printf("profiling timer ok\n");

    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
    struct itimerspec ten_ms = { { 0, 0 }, { 0, 10000000 } };
    CHECK(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &ten_ms, NULL) == 0);
    sleep_us(30000); // asleep: this thread uses no processor time worth mentioning
    CHECK_EQUAL(fired[SIGRTMIN], 0);
    compute_until(&fired[SIGRTMIN], 1);
    CHECK(clock_ns(CLOCK_THREAD_CPUTIME_ID) >= 10000000);
    CHECK(timer_delete(timer) == 0);
    printf("thread time timer ok\n");
    return check_ok();
}
