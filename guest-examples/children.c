// fork and wait: how children end, who is told and how, groups, what a child has of its parent and what it has not.
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

static volatile sig_atomic_t told;
static siginfo_t last;

static void on_child(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    last = *info;
    told++;
}

static pid_t start_exiting(int status) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) _exit(status);
    return child;
}

static void statuses(void) {
    int status = 0;
    pid_t child = start_exiting(42);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 42);
    CHECK_FAILS(waitpid(child, &status, 0), ECHILD);
    CHECK_FAILS(wait(NULL), ECHILD);
    child = fork();
    if (child == 0) {
        while (1) pause();
    }
    CHECK_EQUAL(waitpid(child, &status, WNOHANG), 0);
    CHECK_EQUAL(kill(child, 0), 0);
    CHECK_EQUAL(kill(child, SIGTERM), 0);
    struct rusage usage;
    CHECK_EQUAL(wait4(child, &status, 0, &usage), child);
    CHECK(WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGTERM);
    CHECK_FAILS(kill(child, 0), ESRCH);
    CHECK_FAILS(waitpid(-1, &status, 0x40), EINVAL);
}

static void identities(void) {
    int ends[2], status;
    CHECK_EQUAL(pipe(ends), 0);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        pid_t seen[3] = { getpid(), getppid(), gettid() };
        CHECK_EQUAL(write(ends[1], seen, sizeof seen), sizeof seen);
        _exit(0);
    }
    pid_t seen[3];
    CHECK_EQUAL(read(ends[0], seen, sizeof seen), sizeof seen);
    CHECK_EQUAL(seen[0], child);
    CHECK_EQUAL(seen[1], parent);
    CHECK_EQUAL(seen[2], child);
    CHECK_EQUAL(waitpid(-1, &status, 0), child);
    CHECK_EQUAL(status, 0);
    close(ends[0]);
    close(ends[1]);
}

static void telling(void) {
    struct sigaction action = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO }, before;
    CHECK_EQUAL(sigaction(SIGCHLD, &action, &before), 0);
    pid_t child = start_exiting(9);
    CHECK_EVENTUALLY(told == 1);
    CHECK_EQUAL(last.si_pid, child);
    CHECK_EQUAL(last.si_code, CLD_EXITED);
    CHECK_EQUAL(last.si_status, 9);
    siginfo_t info = { 0 };
    CHECK_EQUAL(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    CHECK_EQUAL(info.si_pid, child);
    CHECK_EQUAL(waitid(P_ALL, 0, &info, WEXITED), 0);
    CHECK_EQUAL(info.si_status, 9);
    CHECK_FAILS(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    // Who ignores their ends has nobody to wait for.
    CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    start_exiting(1);
    CHECK_FAILS(wait(NULL), ECHILD);
    CHECK_EQUAL(sigaction(SIGCHLD, &before, NULL), 0);
}

static void groups(void) {
    int status;
    pid_t leader = fork();
    if (leader == 0) {
        while (1) pause();
    }
    CHECK_EQUAL(setpgid(leader, leader), 0);
    CHECK_EQUAL(getpgid(leader), leader);
    pid_t other = fork();
    if (other == 0) {
        while (1) pause();
    }
    CHECK_EQUAL(setpgid(other, leader), 0);
    CHECK_EQUAL(waitpid(-leader, &status, WNOHANG), 0);
    CHECK_EQUAL(waitpid(0, &status, WNOHANG | WUNTRACED) == -1 ? errno : 0, ECHILD);
    CHECK_EQUAL(kill(-leader, SIGKILL), 0);
    for (int i = 0; i < 2; i++) {
        CHECK(waitpid(-leader, &status, 0) > 0);
        CHECK_EQUAL(WTERMSIG(status), SIGKILL);
    }
}

static void stops(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 100; i++) raise(SIGSTOP);
        _exit(3);
    }
    // What ends one stop does not end the next.
    for (int i = 0; i < 100; i++) {
        CHECK_EQUAL(waitpid(child, &status, WUNTRACED), child);
        CHECK(WIFSTOPPED(status));
        CHECK_EQUAL(WSTOPSIG(status), SIGSTOP);
        CHECK_EQUAL(kill(child, SIGCONT), 0);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 3);
}

// Those of job control: who is told what, what cancels one, and a group that is not stopped by them at all.
static void job_control(void) {
    int status;
    struct sigaction action = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO }, before;
    told = 0;
    CHECK_EQUAL(sigaction(SIGCHLD, &action, &before), 0);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        raise(SIGTSTP);
        _exit(4);
    }
    CHECK_EVENTUALLY(told == 1);
    CHECK_EQUAL(last.si_code, CLD_STOPPED);
    CHECK_EQUAL(last.si_status, SIGTSTP);
    CHECK_EQUAL(waitpid(child, &status, WUNTRACED), child);
    CHECK_EQUAL(WSTOPSIG(status), SIGTSTP);
    CHECK_EQUAL(kill(child, SIGCONT), 0);
    CHECK_EVENTUALLY(waitpid(child, &status, WNOHANG) == child);
    CHECK_EQUAL(WEXITSTATUS(status), 4);
    CHECK_EQUAL(sigaction(SIGCHLD, &before, NULL), 0);
    child = fork();
    if (child == 0) {
        setsid();
        raise(SIGTSTP);
        raise(SIGTTIN);
        _exit(5);
    }
    CHECK_EVENTUALLY(waitpid(child, &status, WNOHANG) == child);
    CHECK_EQUAL(WEXITSTATUS(status), 5);
    child = fork();
    if (child == 0) {
        setpgid(0, 0);
        while (1) pause();
    }
    setpgid(child, child);
    for (int i = 0; i < 200; i++) {
        CHECK_EQUAL(kill(child, SIGTSTP), 0);
        // Up to about 100 us, so that it comes at every stage of the stop.
        for (volatile int spun = 0; spun < i * 300; spun++) {}
        CHECK_EQUAL(kill(child, SIGCONT), 0);
    }
    CHECK_EQUAL(kill(child, SIGTERM), 0);
    CHECK_EVENTUALLY(waitpid(child, &status, WNOHANG) == child);
    CHECK_EQUAL(WTERMSIG(status), SIGTERM);
}

// Timers, pending signals and waiting time are not handed on; masks, handlers and memory are.
static volatile int value = 1;

static void inheritance(void) {
    int status;
    struct itimerval soon = { .it_value = { 100, 0 } }, left;
    CHECK_EQUAL(setitimer(ITIMER_REAL, &soon, NULL), 0);
    sigset_t blocked, pending, mask;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    CHECK_EQUAL(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
    CHECK_EQUAL(raise(SIGUSR1), 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK_EQUAL(getitimer(ITIMER_REAL, &left), 0);
        CHECK_EQUAL(left.it_value.tv_sec, 0);
        CHECK_EQUAL(sigpending(&pending), 0);
        CHECK_EQUAL(sigismember(&pending, SIGUSR1), 0);
        CHECK_EQUAL(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
        CHECK_EQUAL(sigismember(&mask, SIGUSR1), 1);
        CHECK_EQUAL(value, 1);
        value = 2;
        _exit(value);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 2);
    CHECK_EQUAL(value, 1);
    CHECK_EQUAL(sigpending(&pending), 0);
    CHECK_EQUAL(sigismember(&pending, SIGUSR1), 1);
    soon.it_value.tv_sec = 0;
    CHECK_EQUAL(setitimer(ITIMER_REAL, &soon, NULL), 0);
}

// Memory that is not handed on, or only empty; what is mapped is each process's own from then on.
static void memory(void) {
    int status;
    char *pages = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && both != MAP_FAILED);
    memset(pages, 'x', 4 * 4096);
    CHECK_EQUAL(madvise(pages + 4096, 4096, MADV_DONTFORK), 0);
    CHECK_EQUAL(madvise(pages + 2 * 4096, 4096, MADV_WIPEONFORK), 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK_EQUAL(pages[0], 'x');
        CHECK_EQUAL(pages[2 * 4096], 0);
        CHECK_FAILS(msync(pages + 4096, 4096, MS_ASYNC), ENOMEM);
        CHECK(mmap(pages + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
              pages + 4096);
        CHECK_EQUAL(munmap(pages, 4096), 0);
        *both = 5;
        _exit(0);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    CHECK_EQUAL(*both, 5);
    CHECK_EQUAL(pages[4096], 'x');
    CHECK_EQUAL(pages[0], 'x');
    CHECK_EQUAL(munmap(pages, 4 * 4096), 0);
    // What is mapped there next is handed on with what is in it.
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    CHECK(mmap(pages, 4 * 4096, PROT_READ | PROT_WRITE, flags, -1, 0) == pages);
    memset(pages, 'y', 4 * 4096);
    child = fork();
    if (child == 0) _exit(pages[2 * 4096]);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 'y');
    CHECK_EQUAL(munmap(pages, 4 * 4096), 0);
    CHECK_FAILS(madvise(both, 4096, MADV_WIPEONFORK), EINVAL);
    CHECK_EQUAL(munmap(both, 4096), 0);
}

// Who asked for it is told of its parent's end, also as another program; that the parent becomes one is no end.
static void death_signals(void) {
    int lives[2], executing[2], signal;
    CHECK_EQUAL(pipe(lives), 0);
    CHECK_EQUAL(pipe2(executing, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        pid_t other = fork();
        if (other == 0) {
            CHECK_FAILS(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
            CHECK_EQUAL(prctl(PR_SET_PDEATHSIG, SIGTERM), 0);
            pid_t third = fork();
            if (third == 0) _exit(prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == 0 ? 0 : 1);
            int status;
            CHECK(waitpid(third, &status, 0) == third && status == 0);
            CHECK(prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == SIGTERM);
            CHECK_EQUAL(write(lives[1], "x", 1), 1);
            execl("/bin/sleep", "sleep", "1000", NULL);
            _exit(1);
        }
        char byte;
        close(lives[1]);
        CHECK_EQUAL(read(lives[0], &byte, 1), 1);
        execl("/bin/sleep", "sleep", "1000", NULL);
        _exit(1);
    }
    char byte;
    close(lives[1]);
    close(executing[1]);
    CHECK_EQUAL(read(executing[0], &byte, 1), 0);
    struct pollfd end = { .fd = lives[0], .events = POLLIN };
    CHECK_EQUAL(poll(&end, 1, 100), 0);
    CHECK_EQUAL(kill(child, SIGKILL), 0);
    CHECK_EQUAL(waitpid(child, NULL, 0), child);
    CHECK_EQUAL(poll(&end, 1, 20000), 1);
    CHECK_EQUAL(read(lives[0], &byte, 1), 0);
    close(lives[0]);
    close(executing[0]);
}

static void many(void) {
    int sum = 0, status;
    for (int i = 1; i <= 20; i++) start_exiting(i);
    while (wait(&status) > 0) sum += WEXITSTATUS(status);
    CHECK_EQUAL(sum, 210);
}

int main(void) {
    statuses();
    identities();
    telling();
    groups();
    stops();
    job_control();
    inheritance();
    memory();
    death_signals();
    many();
    return check_ok();
}
