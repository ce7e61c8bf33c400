// The trap flag: a SIGTRAP after each instruction, as tracers inside a process use it. The flag is set in one handler
// and cleared in another, so the step count between two points is known.
#include "check.h"
#include <signal.h>
#include <sys/ucontext.h>

enum { TRAP_FLAG = 256 };
static volatile int steps;
static volatile uintptr_t last_rip;

static void start(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2; // over the ud2
}

static void step(int signal, siginfo_t *info, void *context) {
    (void)signal;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    CHECK_EQUAL(info->si_code, TRAP_TRACE);
    CHECK_EQUAL((uintptr_t)info->si_addr, registers[REG_RIP]);
    CHECK(registers[REG_EFL] & TRAP_FLAG);
    steps = steps + 1;
    last_rip = (uintptr_t)registers[REG_RIP];
    if (registers[REG_RBX] == 0) registers[REG_EFL] &= ~TRAP_FLAG;
}

int main(void) {
    struct sigaction action = { .sa_sigaction = start, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGILL, &action, NULL) == 0);
    action.sa_sigaction = step;
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    for (int i = 1; i <= 50; i++) {
        uint64_t count = (uint64_t)i;
        uintptr_t end;
        steps = 0;
        // Two instructions per turn; the step after the last `dec` finds rbx 0 and stops the stepping.
        __asm__ volatile("ud2; 1: dec %0; jnz 1b; lea 1b(%%rip), %1" : "+b"(count), "=&r"(end) : : "cc");
        // sigreturn itself restores the flag, so the first instruction after it is already stepped.
        CHECK_EQUAL(steps, 2 * i - 1);
        CHECK(last_rip > end && last_rip < end + 16);
    }
    return check_ok();
}
