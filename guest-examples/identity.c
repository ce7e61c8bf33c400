// Who and where am I: the answers must be consistent with each other and stay the same for as long as the program runs.
#include "check.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static pid_t pid, parent, group, session;
static struct utsname host;

static void check_same(void) {
    CHECK_EQUAL(getpid(), pid);
    CHECK_EQUAL(syscall(SYS_getpid), pid);
    CHECK_EQUAL(getppid(), parent);
    CHECK_EQUAL(getpgrp(), group);
    CHECK_EQUAL(getpgid(0), group);
    CHECK_EQUAL(getsid(0), session);
    CHECK(getuid() == geteuid() && getgid() == getegid());
    struct utsname now;
    CHECK(uname(&now) == 0 && memcmp(&now, &host, sizeof now) == 0);
}

static void *in_thread(void *argument) {
    (void)argument;
    check_same();
    pid_t own = (pid_t)syscall(SYS_gettid);
    CHECK(own != pid && own > 0);
    CHECK_EQUAL(gettid(), own);
    char name[16];
    CHECK_EQUAL(pthread_setname_np(pthread_self(), "other-thread"), 0);
    CHECK(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "other-thread") == 0);
    return (void *)(intptr_t)own;
}

int main(void) {
    pid = getpid(), parent = getppid(), group = getpgrp(), session = getsid(0);
    CHECK(pid > 0 && parent > 0 && group >= 0 && session >= 0 && uname(&host) == 0);
    CHECK(strcmp(host.sysname, "Linux") == 0 && strcmp(host.machine, "x86_64") == 0 && atoi(host.release) >= 3);
    CHECK_EQUAL(syscall(SYS_gettid), pid); // the first thread's id is the process's
    for (int i = 0; i < 20; i++) {
        check_same();
        sleep_us(200);
    }
    pid_t first = (pid_t)(intptr_t)thread_join(thread_start(in_thread, NULL));
    pid_t second = (pid_t)(intptr_t)thread_join(thread_start(in_thread, NULL));
    CHECK(first != pid && second != pid);
    printf("ids are stable\n");

    char name[16], long_name[] = "a-name-longer-than-fifteen";
    CHECK(prctl(PR_SET_NAME, long_name) == 0 && prctl(PR_GET_NAME, name) == 0);
    CHECK(memcmp(name, "a-name-longer-t", 16) == 0);
    CHECK(prctl(PR_SET_PDEATHSIG, 15) == 0);
    int signal = 0;
    CHECK(prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == 15 && prctl(PR_SET_PDEATHSIG, 0) == 0);
    CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 1);
    CHECK_FAILS(prctl(9999, 0, 0, 0, 0), EINVAL);

    struct sysinfo info;
    CHECK(sysinfo(&info) == 0 && info.totalram > 0 && info.procs > 0 && info.mem_unit > 0 && info.uptime > 0);
    cpu_set_t allowed;
    CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0);
    CHECK(sched_setaffinity(0, sizeof allowed, &allowed) == 0);
    CHECK(syscall(SYS_sched_getaffinity, 0, sizeof allowed, &allowed) >= 8);
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) > 0 && sysconf(_SC_PAGESIZE) == 4096);
    unsigned cpu = 9999;
    // By libc (the vDSO) and by syscall; a thread that may run on one processor only is there.
    cpu_set_t one;
    unsigned node = 99999, cpu_again = 99999, node_again = 99999;
    CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    for (int number = 0; number < CPU_SETSIZE; number++) {
        if (!CPU_ISSET(number, &allowed)) continue;
        CPU_ZERO(&one);
        CPU_SET(number, &one);
        CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
        for (int again = 0; again < 100; again++) {
            CHECK(getcpu(&cpu, &node) == 0 && (int)cpu == number);
            CHECK(syscall(SYS_getcpu, &cpu_again, &node_again, NULL) == 0);
            CHECK(cpu_again == cpu && node_again == node);
        }
    }
    CHECK(sched_setaffinity(0, sizeof allowed, &allowed) == 0);
    CHECK(getcpu(NULL, NULL) == 0 && syscall(SYS_getcpu, NULL, NULL, NULL) == 0);
    CHECK_EQUAL(sched_getscheduler(0), SCHED_OTHER);
    CHECK(getpriority(PRIO_PROCESS, 0) >= -20);

    unsigned char random[2][64] = { { 0 }, { 0 } };
    CHECK_EQUAL(getrandom(random[0], 64, 0), 64);
    CHECK_EQUAL(getrandom(random[1], 64, GRND_NONBLOCK), 64);
    CHECK(memcmp(random[0], random[1], 64) != 0);
    CHECK_FAILS(getrandom(random[0], 64, 0xff), EINVAL);

    mode_t mask = umask(077);
    CHECK(umask(022) == 077 && umask(mask) == 022);
    printf("process attributes ok\n");

    // Limits: read one way, set another, and what cannot be set.
    struct rlimit limit, again;
    for (int resource = 0; resource < 16; resource++) {
        CHECK(getrlimit(resource, &limit) == 0 && limit.rlim_cur <= limit.rlim_max);
        CHECK(prlimit(0, resource, NULL, &again) == 0 && again.rlim_cur == limit.rlim_cur &&
              again.rlim_max == limit.rlim_max);
        CHECK(prlimit(pid, resource, &limit, &again) == 0 && again.rlim_cur == limit.rlim_cur);
    }
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    struct rlimit changed = { 50, limit.rlim_max };
    CHECK(setrlimit(RLIMIT_NOFILE, &changed) == 0 && getrlimit(RLIMIT_NOFILE, &again) == 0 && again.rlim_cur == 50);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    changed.rlim_cur = 60, changed.rlim_max = 50;
    CHECK_FAILS(setrlimit(RLIMIT_NOFILE, &changed), EINVAL);
    CHECK_FAILS(syscall(SYS_getrlimit, 16, &limit), EINVAL);
    printf("limits ok\n");
    return check_ok();
}
