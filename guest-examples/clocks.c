// Clocks: none goes back, those that should agree do, sleeping until a time means not before it. Read through libc (the
// vDSO) and by system call in turn, and by several threads at once.
#include "check.h"
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>

static atomic_llong latest;

static int64_t raw_ns(clockid_t clock) {
    struct timespec now;
    CHECK(syscall(SYS_clock_gettime, clock, &now) == 0);
    CHECK(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void *watches(void *argument) {
    // What another thread has seen is in the past for all.
    for (int i = 0; i < 20000; i++) {
        long long seen = latest;
        long long now = i % 16 ? clock_ns(CLOCK_MONOTONIC) : raw_ns(CLOCK_MONOTONIC);
        CHECK(now >= seen);
        while (now > seen && !atomic_compare_exchange_weak(&latest, &seen, now)) {}
    }
    return argument;
}

static void sleeps(void) {
    static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME };
    for (int i = 0; i < 3; i++) {
        int64_t until = clock_ns(clocks[i]) + 5000000;
        struct timespec deadline = { until / 1000000000, until % 1000000000 };
        CHECK_EQUAL(clock_nanosleep(clocks[i], TIMER_ABSTIME, &deadline, NULL), 0);
        CHECK(clock_ns(clocks[i]) >= until);
        CHECK_EQUAL(clock_nanosleep(clocks[i], TIMER_ABSTIME, &deadline, NULL), 0); // over already
    }
    struct timespec bad = { 0, 1000000000 }, negative = { -1, 0 };
    CHECK_FAILS(nanosleep(&bad, NULL), EINVAL);
    CHECK_FAILS(nanosleep(&negative, NULL), EINVAL);
    CHECK_EQUAL(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &bad, NULL), EINVAL);
    CHECK_EQUAL(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, NULL), EINVAL);
}

static void processor_time(void) {
    struct tms before, after;
    struct rusage usage_before, usage;
    CHECK(times(&before) != -1 && getrusage(RUSAGE_SELF, &usage_before) == 0);
    int64_t process = clock_ns(CLOCK_PROCESS_CPUTIME_ID), thread = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    CHECK(process > 0 && thread > 0);
    // 30 ms of work, by the thread's own clock; the process has used at least that.
    while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < thread + 30000000) {}
    CHECK(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - process >= 30000000);
    CHECK(times(&after) != -1 && after.tms_utime + after.tms_stime > before.tms_utime + before.tms_stime);
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    CHECK(usage.ru_utime.tv_sec > usage_before.ru_utime.tv_sec ||
          usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >
              usage_before.ru_utime.tv_usec + usage_before.ru_stime.tv_usec ||
          usage.ru_stime.tv_sec > usage_before.ru_stime.tv_sec);
    CHECK(usage.ru_maxrss > 0);
    clockid_t own;
    CHECK_EQUAL(pthread_getcpuclockid(pthread_self(), &own), 0);
    int64_t through_id = clock_ns(own);
    CHECK(through_id >= thread + 30000000 && clock_ns(CLOCK_THREAD_CPUTIME_ID) >= through_id);
}

int main(void) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) threads[i] = thread_start(watches, NULL);
    for (int i = 0; i < 3; i++) thread_join(threads[i]);
    printf("monotonic time never went back\n");

    // Each kind exists, has a resolution, and grows.
    static const clockid_t all[] = { CLOCK_REALTIME,          CLOCK_MONOTONIC,     CLOCK_PROCESS_CPUTIME_ID,
                                     CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                                     CLOCK_MONOTONIC_COARSE,  CLOCK_BOOTTIME };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct timespec resolution;
        CHECK(clock_getres(all[i], &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec > 0);
        if (all[i] == CLOCK_REALTIME || all[i] == CLOCK_REALTIME_COARSE) continue; // may be set back
        int64_t first = clock_ns(all[i]), second = raw_ns(all[i]), third = clock_ns(all[i]);
        CHECK(first > 0 && second >= first && third >= second);
    }
    struct timespec now;
    CHECK_FAILS(clock_gettime((clockid_t)99, &now), EINVAL);
    CHECK_FAILS(syscall(SYS_clock_gettime, 99, &now), EINVAL);

    // The ways to ask for the time of day differ by no more than a (very) slow moment.
    struct timeval day, raw_day;
    int64_t real = clock_ns(CLOCK_REALTIME);
    CHECK(gettimeofday(&day, NULL) == 0 && syscall(SYS_gettimeofday, &raw_day, NULL) == 0);
    CHECK(llabs(day.tv_sec - real / 1000000000) <= 5 && llabs(raw_day.tv_sec - real / 1000000000) <= 5);
    CHECK(llabs(time(NULL) - real / 1000000000) <= 5 && llabs(syscall(SYS_time, NULL) - real / 1000000000) <= 5);
    CHECK(llabs(clock_ns(CLOCK_MONOTONIC) - clock_ns(CLOCK_MONOTONIC_COARSE)) < 5000000000LL);
    CHECK(real > 1600000000LL * 1000000000);
    printf("clocks agree\n");
    sleeps();
    processor_time();
    printf("sleeping and computing take their time\n");
    return check_ok();
}
