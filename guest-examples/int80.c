// The 32-bit system call gate. Linux on x86-64 serves it from 64-bit code too (unless built or booted without it);
// Understudy answers ENOSYS. What it must not do is reach the host's getpid unseen, or end the program.
#include "check.h"
#include <signal.h>
#include <sys/ucontext.h>

static volatile int refused;

// Without 32-bit support in the kernel the instruction is a protection fault.
static void skip(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
    refused = 1;
}

int main(void) {
    struct sigaction action = { .sa_sigaction = skip, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    for (int i = 0; i < 100; i++) {
        long result = 20, rbx = 0x1111, rsi = 0x2222; // getpid in the 32-bit numbering, writev in ours
        __asm__ volatile("int $0x80"
                         : "+a"(result), "+b"(rbx), "+S"(rsi)
                         :
                         : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
        // The result is 32 bits wide, sign-extended.
        CHECK(result == getpid() || result == -ENOSYS);
        CHECK(rbx == 0x1111 && rsi == 0x2222);
        CHECK(!refused || result == -ENOSYS);
    }
    return check_ok();
}
