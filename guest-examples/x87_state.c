// The x87 register stack: values deep in it, its precision control and its tag word must survive calls and signals.
#include "check.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

static volatile int ticks;

// Leaves the unit in a state unlike any other, which sigreturn must undo.
static void disturb(int signal) {
    (void)signal;
    unsigned short control;
    // A handler starts with a fresh unit, whatever was interrupted.
    __asm__ volatile("fnstcw %0" : "=m"(control));
    CHECK_EQUAL(control, 0x37f);
    unsigned short odd = 0x0c7f;
    __asm__ volatile("fninit; fldcw %0; fldz; fld1; fldl2e" : : "m"(odd));
    ticks = ticks + 1;
}

// Eight values loaded, a raw syscall or a wait for a signal with nothing saved around it, eight values popped.
static void hold_across(int through_signal) {
    long double in[8], out[8];
    for (int i = 0; i < 8; i++) in[i] = 1.0L / (i + 3) + i;
    unsigned short before = 0x27f, after, status; // 53 bits of precision, everything masked
    long number = SYS_getpid;
    int seen = ticks;
    __asm__ volatile("fninit; fldcw %[before]\n"
                     ".irp r,0,1,2,3,4,5,6,7\n fldt 16*\\r(%[in])\n .endr\n"
                     "test %[wait], %[wait]; jnz 1f\n"
                     "syscall; jmp 2f\n"
                     "1: pause; cmpl %[seen], %[ticks]; je 1b\n"
                     "2: fnstcw %[after]; fnstsw %[status]\n"
                     ".irp r,7,6,5,4,3,2,1,0\n fstpt 16*\\r(%[out])\n .endr\n"
                     "fninit"
                     : [after] "=m"(after), [status] "=m"(status), "+a"(number)
                     : [before] "m"(before), [in] "r"(in), [out] "r"(out), [wait] "r"(through_signal), [seen] "r"(seen),
                       [ticks] "m"(ticks)
                     : "rcx", "r11", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
    CHECK_EQUAL(after, before);
    CHECK_EQUAL(status >> 11 & 7, 0); // eight pushes bring the top back to 0
    CHECK_EQUAL(status & 0x7f, 0);    // no stack fault, no exception
    for (int i = 0; i < 8; i++) CHECK(memcmp(&in[i], &out[i], 10) == 0);
    if (!through_signal) CHECK_EQUAL(number, getpid());
}

int main(void) {
    for (int i = 0; i < 2000; i++) hold_across(0);
    printf("x87 stack survives syscalls\n");

    struct sigaction action = { .sa_handler = disturb };
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval every = { { 0, 1000 }, { 0, 1000 } }, off = { 0 };
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
    for (int i = 0; i < 40; i++) hold_across(1);
    // Both at once: syscalls with signals coming in between and at their return.
    for (int stop = ticks + 20; ticks < stop;) hold_across(0);
    CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
    printf("x87 stack survives signals\n");
    return check_ok();
}
