// Faults that are no page faults: each arrives with its own signal, code and address, and the handler changes the saved
// registers so that the program goes on. The instruction pointer is checked against labels around the instruction.
#include "check.h"
#include <signal.h>
#include <sys/ucontext.h>

static volatile int signal_seen, code_seen;
static void *volatile address_seen;
static volatile greg_t rip_seen, trap_seen;
// What the handler does before it returns.
static enum { SKIP, SET_RCX, MASK_FLOAT, CLEAR_AC, RETURN_TO_CALLER, NOTHING } repair;
static int skip_bytes;

static void handle(int signal, siginfo_t *info, void *context) {
    // A handler starts with the alignment-check flag as it was interrupted; libc is not written for that.
    __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andl $0xfffbffff, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
                         : "cc", "memory");
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    signal_seen = signal;
    code_seen = info->si_code;
    address_seen = info->si_addr;
    rip_seen = machine->gregs[REG_RIP];
    trap_seen = machine->gregs[REG_TRAPNO];
    switch (repair) {
        case SKIP: machine->gregs[REG_RIP] += skip_bytes; break;
        case SET_RCX: machine->gregs[REG_RCX] = 5; break;
        case MASK_FLOAT: // both units: masked, and nothing pending
            machine->fpregs->mxcsr = 0x1f80;
            machine->fpregs->cwd = 0x37f;
            machine->fpregs->swd &= 0x7f00;
            break;
        case CLEAR_AC: machine->gregs[REG_EFL] &= ~(1 << 18); break;
        case RETURN_TO_CALLER:
            machine->gregs[REG_RIP] = *(greg_t *)machine->gregs[REG_RSP];
            machine->gregs[REG_RSP] += 8;
            break;
        case NOTHING: break;
    }
}

static void check_seen(int signal, int code, int trap) {
    CHECK_EQUAL(signal_seen, signal);
    CHECK_EQUAL(code_seen, code);
    CHECK_EQUAL(trap_seen, trap);
    signal_seen = 0;
}

// Runs one instruction of known length, which the handler skips. rcx holds a non-canonical address.
#define FAULTING(instruction)                                                                                          \
    ({                                                                                                                 \
        void *here;                                                                                                    \
        repair = SKIP;                                                                                                 \
        __asm__ volatile("lea 1f(%%rip), %0; lea 2f(%%rip), %%rax; sub %0, %%rax; mov %%eax, %1\n1: " instruction      \
                         "\n2:"                                                                                        \
                         : "=&r"(here), "=m"(skip_bytes)                                                               \
                         : "c"(0x800000000000)                                                                         \
                         : "rax", "rdx", "memory", "cc");                                                              \
        CHECK_EQUAL(rip_seen, (uintptr_t)here);                                                                        \
        here;                                                                                                          \
    })

int main(void) {
    struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
    static const int signals[] = { SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS };
    for (int i = 0; i < 5; i++) CHECK(sigaction(signals[i], &action, NULL) == 0);

    for (int i = 0; i < 20; i++) {
        repair = SET_RCX; // the division is made again with another divisor
        int quotient, remainder;
        __asm__ volatile("xor %%ecx, %%ecx; mov $107, %%eax; cltd; idiv %%ecx"
                         : "=&a"(quotient), "=&d"(remainder)
                         :
                         : "rcx", "cc");
        CHECK(quotient == 21 && remainder == 2 && (uintptr_t)address_seen == (uintptr_t)rip_seen);
        check_seen(SIGFPE, FPE_INTDIV, 0);
        // The most negative number divided by -1 overflows, with the same signal and code.
        __asm__ volatile("mov $-1, %%ecx; mov $0x80000000, %%eax; cltd; idiv %%ecx"
                         : "=&a"(quotient), "=&d"(remainder)
                         :
                         : "rcx", "cc");
        CHECK_EQUAL(quotient, INT32_MIN / 5);
        check_seen(SIGFPE, FPE_INTDIV, 0);

        CHECK(FAULTING("ud2") == address_seen);
        check_seen(SIGILL, ILL_ILLOPN, 6);
        FAULTING("hlt");
        CHECK(address_seen == NULL);
        check_seen(SIGSEGV, SI_KERNEL, 13);
        FAULTING("mov (%%rcx), %%rax");
        CHECK(address_seen == NULL); // a non-canonical address is not told
        check_seen(SIGSEGV, SI_KERNEL, 13);
        FAULTING("int $0x20");
        check_seen(SIGSEGV, SI_KERNEL, 13);
    }
    printf("integer and general protection faults ok\n");

    repair = NOTHING; // int3 is a trap: it is over when the handler runs
    void *after;
    __asm__ volatile("lea 1f(%%rip), %0; int3; 1:" : "=&r"(after) : : "memory");
    CHECK_EQUAL(rip_seen, (uintptr_t)after);
    check_seen(SIGTRAP, SI_KERNEL, 3);

    repair = CLEAR_AC;
    static char bytes[64] __attribute__((aligned(64))) = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    uint64_t value;
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp; pushfq; orl $0x40000, (%%rsp); popfq; mov 1(%1), %0; lea 128(%%rsp), %%rsp"
        : "=&r"(value)
        : "r"(bytes)
        : "cc", "memory");
    CHECK_EQUAL(value, 0x0908070605040302);
    check_seen(SIGBUS, BUS_ADRALN, 17);

    repair = RETURN_TO_CALLER; // a call through a bad pointer: the return address is on the stack already
    for (int i = 0; i < 3; i++) {
        static const uintptr_t targets[] = { 0, 0x10, 0x7000 };
        __asm__ volatile("lea -128(%%rsp), %%rsp; call *%0; lea 128(%%rsp), %%rsp"
                         :
                         : "r"(targets[i])
                         : "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc");
        CHECK((uintptr_t)address_seen == targets[i] && (uintptr_t)rip_seen == targets[i]);
        check_seen(SIGSEGV, SEGV_MAPERR, 14);
    }
    printf("traps, alignment and wild calls ok\n");

    repair = MASK_FLOAT;
    for (int i = 0; i < 20; i++) {
        double one = 1, zero = 0, result;
        unsigned unmasked = 0x1d80; // division by zero no longer masked
        __asm__ volatile("ldmxcsr %1; movapd %2, %0; divsd %3, %0"
                         : "=&x"(result)
                         : "m"(unmasked), "x"(one), "x"(zero));
        CHECK(result == __builtin_inf());
        check_seen(SIGFPE, FPE_FLTDIV, 19);
        CHECK_EQUAL(__builtin_ia32_stmxcsr() & 0xffc0, 0x1f80); // as the handler left it
        // The x87 unit tells late: at the next instruction that waits.
        unsigned short control = 0x37b;
        __asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait; fstp %%st(0); fninit"
                         :
                         : "m"(control)
                         : "memory");
        check_seen(SIGFPE, FPE_FLTDIV, 16);
    }
    printf("floating-point faults ok\n");
    return check_ok();
}
