// The rounding mode and the exception flags live in MXCSR and the x87 control and status words. They belong to the
// thread: no syscall may change them, and a new thread starts with its creator's.
#include "check.h"
#include <fenv.h>
#include <sched.h>
#include <sys/syscall.h>

// noinline and volatile: the compiler must not compute at build time, nor in another rounding mode.
__attribute__((noinline)) static double harmonic_sse(int terms, int syscalls) {
    volatile double sum = 0, one = 1;
    for (int i = 1; i <= terms; i++) {
        sum = sum + one / i;
        if (syscalls && i % 16 == 0) syscall(SYS_getppid);
    }
    return sum;
}

__attribute__((noinline)) static long double harmonic_x87(int terms, int syscalls) {
    volatile long double sum = 0, one = 1;
    for (int i = 1; i <= terms; i++) {
        sum = sum + one / i;
        if (syscalls && i % 16 == 0) sched_yield();
    }
    return sum;
}

static void *inherits(void *expected) {
    CHECK_EQUAL(fegetround(), *(int *)expected);
    // Its own from here on: the creator must not notice.
    CHECK(fesetround(FE_TOWARDZERO) == 0);
    sleep_us(200);
    CHECK_EQUAL(fegetround(), FE_TOWARDZERO);
    return NULL;
}

int main(void) {
    static int modes[] = { FE_DOWNWARD, FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO };
    static const char *names[] = { "down", "nearest", "up", "zero" };
    double sse[4];
    long double x87[4];
    for (int i = 0; i < 4; i++) {
        CHECK(fesetround(modes[i]) == 0);
        sse[i] = harmonic_sse(20000, 0);
        x87[i] = harmonic_x87(20000, 0);
        // The same sum again with syscalls in between: bit for bit the same.
        CHECK(harmonic_sse(20000, 1) == sse[i]);
        CHECK(harmonic_x87(20000, 1) == x87[i]);
        sleep_us(1000);
        CHECK_EQUAL(fegetround(), modes[i]);
        thread_join(thread_start(inherits, &modes[i]));
        CHECK_EQUAL(fegetround(), modes[i]);
        // printf rounds decimals by the current mode: print bits.
        printf("%s %a\n", names[i], sse[i]);
    }
    CHECK(sse[0] < sse[1] && sse[1] < sse[2] && sse[3] == sse[0]);
    CHECK(x87[0] < x87[1] && x87[1] < x87[2] && x87[3] == x87[0]);
    CHECK(fesetround(FE_TONEAREST) == 0);

    // Sticky exception flags, raised one by one and seen after syscalls.
    static const int flags[] = { FE_DIVBYZERO, FE_OVERFLOW, FE_UNDERFLOW, FE_INVALID, FE_INEXACT };
    feclearexcept(FE_ALL_EXCEPT);
    int raised = 0;
    for (int i = 0; i < 5; i++) {
        CHECK(feraiseexcept(flags[i]) == 0);
        raised |= fetestexcept(FE_ALL_EXCEPT);
        sleep_us(200);
        CHECK(fetestexcept(FE_ALL_EXCEPT) == raised && (raised & flags[i]));
    }

    // Flush-to-zero and denormals-are-zero are MXCSR bits as well.
    volatile double tiny = 0x1p-1060, half = 0.5;
    unsigned saved = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(saved | 0x8040);
    CHECK_EQUAL(syscall(SYS_gettid) > 0, 1);
    CHECK(__builtin_ia32_stmxcsr() == (saved | 0x8040) && tiny * half == 0);
    __builtin_ia32_ldmxcsr(saved);
    CHECK(tiny * half == 0x1p-1061);
    return check_ok();
}
