// What a program finds when it starts: nothing of whoever started it may be left in the processor or in its signal
// state.
#include "check.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

int main(void) {
    // execve gives a fresh floating-point environment and clear flags.
    unsigned short control;
    uint64_t flags;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; pop %0; lea 128(%%rsp), %%rsp" : "=r"(flags));
    CHECK_EQUAL(control, 0x37f);
    CHECK_EQUAL(__builtin_ia32_stmxcsr() & 0xffc0, 0x1f80);
    CHECK_EQUAL(flags & (1024 | 256 | 1 << 18), 0); // direction, trap, alignment check
    unsigned short cs, ss;
    __asm__ volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
    CHECK(cs == 0x33 && ss == 0x2b);

    // Handlers are gone with the old program. (Ignored and blocked signals would be inherited; nobody ignores or blocks
    // these.)
    const int signals[] = {
        SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT, SIGRTMIN, SIGRTMIN + 5, SIGRTMAX
    };
    sigset_t mask, pending;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && sigpending(&pending) == 0);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action;
        CHECK(sigaction(signals[i], NULL, &action) == 0);
        CHECK(action.sa_handler == SIG_DFL && action.sa_flags == 0);
        CHECK(!sigismember(&mask, signals[i]) && !sigismember(&pending, signals[i]));
    }
    stack_t stack;
    CHECK(sigaltstack(NULL, &stack) == 0 && stack.ss_sp == NULL && stack.ss_size == 0 &&
          !(stack.ss_flags & SS_ONSTACK));

    // No timer runs; one thread, named after the program; three standard descriptors.
    for (int which = 0; which < 3; which++) {
        struct itimerval timer;
        CHECK(getitimer(which, &timer) == 0 && timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0);
    }
    char name[16];
    CHECK(prctl(PR_GET_NAME, name) == 0 && strncmp(name, "start_state", 11) == 0);
    CHECK_EQUAL(syscall(SYS_gettid), getpid());
    struct stat status;
    for (int i = 0; i < 3; i++) CHECK(fstat(i, &status) == 0);
    return check_ok();
}
