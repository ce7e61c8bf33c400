// The frame a handler gets: its layout, what the handler finds in it, and that what it changes there is what sigreturn
// loads. Runtimes (Go, Java, debuggers) read and rewrite all of this.
#include "check.h"
#include <signal.h>
#include <sys/ucontext.h>

static int checked;
static uint64_t xmm_wanted[2] = { 0x1122334455667788, 0x99aabbccddeeff00 };

static void inspect(int signal, siginfo_t *info, void *opaque) {
    ucontext_t *context = opaque;
    mcontext_t *machine = &context->uc_mcontext;
    unsigned short control;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    // A fresh floating-point environment, while the interrupted one is in the frame.
    CHECK(__builtin_ia32_stmxcsr() == 0x1f80 && control == 0x37f);
    CHECK_EQUAL(machine->fpregs->mxcsr & 0xffc0, 0x3f80);
    CHECK_EQUAL(machine->fpregs->cwd, 0x77f);
    CHECK(memcmp(&machine->fpregs->_xmm[3], xmm_wanted, 16) == 0);

    CHECK(signal == SIGUSR1 && info->si_signo == SIGUSR1);
    CHECK(sigismember(&context->uc_sigmask, SIGUSR2) && !sigismember(&context->uc_sigmask, SIGUSR1));
    CHECK(context->uc_link == NULL);
    // None was set. (Its flags may be 0 or SS_DISABLE: Linux keeps what the process had before execve.)
    CHECK(context->uc_stack.ss_sp == NULL && context->uc_stack.ss_size == 0);
    CHECK_EQUAL(machine->gregs[REG_CSGSFS] & 0xffff, 0x33);
    CHECK_EQUAL((uint64_t)machine->gregs[REG_CSGSFS] >> 48, 0x2b); // ss
    // The signal came from a syscall that returned 0 and whose next instruction is where we go on.
    CHECK_EQUAL(machine->gregs[REG_RAX], 0);
    CHECK_EQUAL(machine->gregs[REG_RIP], machine->gregs[REG_RCX]);
    CHECK(memcmp((char *)machine->gregs[REG_RIP] - 2, "\x0f\x05", 2) == 0);

    // Frame and siginfo lie below the interrupted stack's red zone, the vector state above them, aligned as XRSTOR
    // wants it.
    uintptr_t stack = (uintptr_t)machine->gregs[REG_RSP];
    CHECK((uintptr_t)context < stack - 128 && (uintptr_t)info < stack - 128);
    CHECK((uintptr_t)machine->fpregs % 64 == 0 && (uintptr_t)machine->fpregs > (uintptr_t)context);
    CHECK((uintptr_t)__builtin_frame_address(0) % 16 == 0); // rsp + 8 was a multiple of 16 at entry

    // The software bytes tell how much vector state there is: its size, its features, and a magic number after it.
    uint32_t *software = (uint32_t *)((char *)machine->fpregs + 464);
    if (context->uc_flags & 1) {              // UC_FP_XSTATE
        CHECK_EQUAL(software[0], 0x46505853); // FP_XSTATE_MAGIC1
        CHECK(software[1] >= 512 + 64 + 4 && software[4] + 4 <= software[1]);
        CHECK_EQUAL(software[2] & 3, 3);
        uint32_t magic2;
        memcpy(&magic2, (char *)machine->fpregs + software[4], 4);
        CHECK_EQUAL(magic2, 0x46505845);
    }

    // Everything changed here must be loaded on return.
    machine->gregs[REG_RAX] = 0x123456789;
    machine->gregs[REG_RBX] = 0x2222;
    machine->gregs[REG_R12] = 0x3333;
    machine->gregs[REG_R15] = 0x4444;
    machine->gregs[REG_EFL] |= 1 | 1024; // carry, direction
    machine->fpregs->mxcsr = 0x5f80;
    memset(&machine->fpregs->_xmm[3], 0x77, 16);
    if (context->uc_flags & 1) // the header says which parts are not in their initial state
        *(uint64_t *)((char *)machine->fpregs + 512) |= 3;
    sigdelset(&context->uc_sigmask, SIGUSR2);
    sigaddset(&context->uc_sigmask, SIGHUP);
    checked++;
}

int main(void) {
    struct sigaction action = { .sa_sigaction = inspect, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    for (int i = 0; i < 50; i++) {
        sigset_t mask;
        sigemptyset(&mask);
        sigaddset(&mask, SIGUSR2);
        CHECK(sigprocmask(SIG_SETMASK, &mask, NULL) == 0);
        unsigned down = 0x3f80, up = 0;
        unsigned short odd_control = 0x77f, control;
        long result = 62; // kill
        uint64_t rbx = 0, flags, xmm[2];
        register uint64_t r12 __asm__("r12") = 0;
        register uint64_t r15 __asm__("r15") = 0;
        __asm__ volatile("ldmxcsr %[down]; fldcw %[odd]; movdqu %[wanted], %%xmm3\n"
                         "syscall\n"
                         "lea -128(%%rsp), %%rsp; pushfq; pop %[flags]; cld; lea 128(%%rsp), %%rsp\n"
                         "stmxcsr %[up]; fnstcw %[control]; movdqu %%xmm3, %[xmm]\n"
                         : "+a"(result), "+b"(rbx), "+r"(r12),
                           "+r"(r15), [flags] "=&r"(flags), [up] "=m"(up), [control] "=m"(control), [xmm] "=m"(xmm)
                         : "D"((long)getpid()),
                           "S"((long)SIGUSR1), [down] "m"(down), [odd] "m"(odd_control), [wanted] "m"(xmm_wanted)
                         : "rcx", "r11", "xmm3", "memory", "cc");
        unsigned standard = 0x1f80;
        unsigned short standard_control = 0x37f;
        __asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(standard), "m"(standard_control));
        CHECK_EQUAL(checked, i + 1);
        CHECK_EQUAL(result, 0x123456789);
        CHECK(rbx == 0x2222 && r12 == 0x3333 && r15 == 0x4444);
        CHECK_EQUAL(flags & (1 | 1024), 1 | 1024);
        CHECK(up == 0x5f80 && control == 0x77f && xmm[0] == 0x7777777777777777 && xmm[1] == xmm[0]);
        CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGUSR2) && sigismember(&mask, SIGHUP));
    }
    return check_ok();
}
