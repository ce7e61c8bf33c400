// Timers that send signals: setitimer, alarm, timer_create to the process and to one thread, overruns, absolute times,
// deletion. Only lower bounds of time are checked: a stop may come anywhere.
#include "check.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>

static atomic_int alarms, ticks, thread_ticks, value_seen;
static __thread int is_target;

static void on_alarm(int signal) {
    (void)signal;
    alarms++;
}

static void on_tick(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    CHECK_EQUAL(info->si_code, SI_TIMER);
    value_seen = info->si_value.sival_int;
    ticks++;
    if (is_target) thread_ticks++;
}

static struct itimerspec in_ns(long first, long every) {
    return (struct itimerspec){ { every / 1000000000, every % 1000000000 },
                                { first / 1000000000, first % 1000000000 } };
}

static void interval_timer(void) {
    struct itimerval set = { { 0, 2000 }, { 0, 5000 } }, left;
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    CHECK(setitimer(ITIMER_REAL, &set, NULL) == 0);
    CHECK(getitimer(ITIMER_REAL, &left) == 0 && left.it_interval.tv_usec == 2000 && left.it_value.tv_sec == 0);
    while (alarms < 6) pause();
    CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 5000000 + 5 * 2000000 - 1000000);
    set = (struct itimerval){ 0 };
    CHECK(setitimer(ITIMER_REAL, &set, &left) == 0 && left.it_interval.tv_usec == 2000);
    CHECK(getitimer(ITIMER_REAL, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0);
    // alarm counts whole seconds and says what was left, rounded, never 0 while one is set.
    CHECK_EQUAL(alarm(100), 0);
    unsigned remaining = alarm(0);
    CHECK(remaining > 80 && remaining <= 100);
    set.it_value.tv_usec = 1000000;
    CHECK_FAILS(setitimer(ITIMER_REAL, &set, NULL), EINVAL);
    printf("interval timer ok\n");
}

static void process_timer(void) {
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 4711 };
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec set = in_ns(3000000, 1000000), left;
    CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
    CHECK(timer_settime(timer, 0, &set, NULL) == 0);
    while (ticks < 5) pause();
    CHECK_EQUAL(value_seen, 4711);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_interval.tv_nsec == 1000000);
    set = in_ns(0, 0);
    CHECK(timer_settime(timer, 0, &set, NULL) == 0); // disarmed

    // Blocked while it fires many times: one signal, and the count of those that were missed.
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGRTMIN);
    CHECK(sigprocmask(SIG_BLOCK, &one, NULL) == 0);
    set = in_ns(1000000, 1000000);
    CHECK(timer_settime(timer, 0, &set, NULL) == 0);
    sleep_us(20000);
    siginfo_t info;
    CHECK_EQUAL(sigwaitinfo(&one, &info), SIGRTMIN);
    CHECK(info.si_code == SI_TIMER && info.si_overrun >= 10 && info.si_value.sival_int == 4711);
    CHECK(timer_getoverrun(timer) >= 10);

    // An absolute time in the past fires at once.
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    set = in_ns(now > 1000000000 ? now - 1000000000 : 1, 0);
    CHECK(timer_settime(timer, TIMER_ABSTIME, &set, NULL) == 0);
    CHECK_EQUAL(sigwaitinfo(&one, &info), SIGRTMIN);
    CHECK(timer_delete(timer) == 0);
    struct timespec none = { 0, 0 };
    while (sigtimedwait(&one, &info, &none) == SIGRTMIN) {} // one of the earlier periods may have been queued
    CHECK(sigprocmask(SIG_UNBLOCK, &one, NULL) == 0);
    CHECK_FAILS(syscall(SYS_timer_gettime, 12345, &left), EINVAL);
    printf("process timer ok\n");
}

static void *target(void *argument) {
    timer_t timer;
    is_target = 1;
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 99 };
    event._sigev_un._tid = (int)syscall(SYS_gettid);
    CHECK(timer_create(*(clockid_t *)argument, &event, &timer) == 0);
    struct itimerspec set = in_ns(1000000, 1000000);
    CHECK(timer_settime(timer, 0, &set, NULL) == 0);
    for (int stop = thread_ticks + 8; thread_ticks < stop;) __asm__ volatile("pause"); // computing, not waiting
    CHECK(timer_delete(timer) == 0);
    return NULL;
}

int main(void) {
    struct sigaction action = { .sa_handler = on_alarm };
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    action = (struct sigaction){ .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART };
    CHECK(sigaction(SIGRTMIN, &action, NULL) == 0);
    interval_timer();
    process_timer();

    clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME };
    ticks = 0;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) threads[i] = thread_start(target, &clocks[i]);
    for (int i = 0; i < 2; i++) thread_join(threads[i]);
    CHECK_EQUAL(ticks, thread_ticks); // none went to the main thread
    printf("thread timers ok\n");

    // SIGEV_NONE sends nothing: such a timer is only read.
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_NONE };
    struct itimerspec set = in_ns(2000000, 0), left;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &set, NULL) == 0);
    CHECK_EVENTUALLY(timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
    CHECK(timer_delete(timer) == 0);
    CHECK_FAILS(timer_create((clockid_t)77, &event, &timer), EINVAL);
    return check_ok();
}
