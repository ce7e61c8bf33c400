// Frames that are unusual but that Linux accepts: what it ignores, what it resets, and frames that no signal ever made.
// The other side of hostile_sigreturn, whose frames it does not accept.
#include "check.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>

enum { PRIVILEGED_FLAGS, JUNK_FIELDS, JUNK_STACK, ALL_BLOCKED, NO_FPSTATE, NO_MAGIC, BAD_SS_NOT_STRICT, CASES };
static volatile int which, handled;

static void change(int signal, siginfo_t *info, void *opaque) {
    (void)signal, (void)info;
    ucontext_t *context = opaque;
    mcontext_t *machine = &context->uc_mcontext;
    handled = handled + 1;
    switch (which) {
        case PRIVILEGED_FLAGS: // IOPL 3, interrupts off, nested task, virtual-8086: not for users to set
            machine->gregs[REG_EFL] = (machine->gregs[REG_EFL] | 0x3000 | 0x4000 | 0x20000 | 0x180000) & ~0x200LL;
            break;
        case JUNK_FIELDS: // only written for the handler to read
            machine->gregs[REG_ERR] = machine->gregs[REG_TRAPNO] = machine->gregs[REG_CR2] =
                machine->gregs[REG_OLDMASK] = -1;
            context->uc_flags |= 0xffffff00;
            context->uc_link = (void *)0x1234567;
            memset(info, 0xee, sizeof *info);
            break;
        case JUNK_STACK: // an alternate stack that sigaltstack would refuse
            context->uc_stack = (stack_t){ .ss_sp = (void *)-1, .ss_flags = 0x7fffff, .ss_size = 1 };
            break;
        case ALL_BLOCKED: memset(&context->uc_sigmask, 0xff, 8); break;
        case NO_FPSTATE: machine->fpregs = NULL; break;
        case NO_MAGIC: *(uint32_t *)((char *)machine->fpregs + 464) = 0; break;
        case BAD_SS_NOT_STRICT: // without UC_STRICT_RESTORE_SS a bad stack segment is put right
            context->uc_flags &= ~4UL;
            ((uint16_t *)&machine->gregs[REG_CSGSFS])[3] = 0x1238;
            break;
    }
}

// kill(self) with vector state loaded; what is in xmm5 and MXCSR afterwards.
static uint64_t signal_with_state(unsigned *mxcsr, uint64_t *flags) {
    uint64_t in = 0x5555666677778888, out;
    unsigned wanted = 0x5f80, standard = 0x1f80;
    long result = SYS_kill;
    __asm__ volatile(
        "ldmxcsr %[wanted]; movq %[in], %%xmm5; syscall; stmxcsr %[after]; movq %%xmm5, %[out]; ldmxcsr %[standard]\n"
        "lea -128(%%rsp), %%rsp; pushfq; pop %[flags]; lea 128(%%rsp), %%rsp"
        : "+a"(result), [out] "=&r"(out), [after] "=m"(*mxcsr), [flags] "=&r"(*flags)
        : "D"((long)getpid()), "S"((long)SIGUSR1), [in] "r"(in), [wanted] "m"(wanted), [standard] "m"(standard)
        : "rcx", "r11", "xmm5", "memory", "cc");
    CHECK_EQUAL(result, 0);
    return out;
}

// A frame of our own making: rt_sigreturn as a "load all registers" instruction.
static void hand_made(void) {
    static struct {
        ucontext_t context;
        siginfo_t info;
    } frame;
    uint64_t landed;
    __asm__ volatile("mov %%cs, %0" : "=r"(landed));
    frame.context.uc_mcontext.gregs[REG_CSGSFS] = (greg_t)(landed & 0xffff) | 0x2bLL << 48;
    frame.context.uc_mcontext.gregs[REG_EFL] = 1; // carry
    frame.context.uc_mcontext.gregs[REG_RDX] = 0x7777;
    // The stack pointer and the address to go on at are only known here; rax -1 is a value, not a failed call.
    register greg_t *registers __asm__("r8") = frame.context.uc_mcontext.gregs;
    register void *address __asm__("r9") = &frame;
    uint64_t rax, rdx;
    unsigned char carry;
    __asm__ volatile(
        "lea 1f(%%rip), %%rax; mov %%rax, %c[rip](%%r8); mov %%rsp, %c[rsp](%%r8); mov %%rbp, %c[rbp](%%r8); mov "
        "%%rbx, %c[rbx](%%r8)\n"
        "mov %%r12, %c[r12](%%r8); mov %%r13, %c[r13](%%r8); mov %%r14, %c[r14](%%r8); mov %%r15, %c[r15](%%r8)\n"
        "movq $-1, %c[rax](%%r8); mov %%r9, %%rsp; mov $15, %%eax; syscall; hlt\n"
        "1: setc %[carry]"
        : "=a"(rax), "=d"(rdx), [carry] "=&r"(carry), "+r"(registers), "+r"(address)
        : [rip] "i"(REG_RIP * 8), [rsp] "i"(REG_RSP * 8), [rbp] "i"(REG_RBP * 8), [rbx] "i"(REG_RBX * 8),
          [rax] "i"(REG_RAX * 8), [r12] "i"(REG_R12 * 8), [r13] "i"(REG_R13 * 8), [r14] "i"(REG_R14 * 8),
          [r15] "i"(REG_R15 * 8)
        : "rcx", "rsi", "rdi", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
          "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
    CHECK_EQUAL(rax, -1);
    CHECK(rdx == 0x7777 && carry == 1);
}

int main(void) {
    sigset_t none;
    sigemptyset(&none);
    CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
    struct sigaction action = { .sa_sigaction = change, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    for (int round = 0; round < 20; round++) {
        for (which = 0; which < CASES; which++) {
            unsigned mxcsr;
            uint64_t flags;
            uint64_t xmm5 = signal_with_state(&mxcsr, &flags);
            CHECK_EQUAL(handled, round * CASES + which + 1);
            // No vector state in the frame resets it; without the magic number the legacy part (SSE) still counts.
            CHECK_EQUAL(xmm5, which == NO_FPSTATE ? 0 : 0x5555666677778888);
            CHECK_EQUAL(mxcsr, which == NO_FPSTATE ? 0x1f80 : 0x5f80);
            CHECK_EQUAL(flags & (0x3000 | 0x4000 | 0x20000 | 0x180000 | 0x200), 0x200);
            sigset_t mask;
            stack_t stack;
            CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
            CHECK_EQUAL(*(uint64_t *)&mask,
                        which == ALL_BLOCKED ? ~(1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1)) : 0);
            sigemptyset(&mask);
            CHECK(sigprocmask(SIG_SETMASK, &mask, NULL) == 0);
            CHECK(sigaltstack(NULL, &stack) == 0 && stack.ss_size == 0);
        }
        hand_made();
    }
    return check_ok();
}
