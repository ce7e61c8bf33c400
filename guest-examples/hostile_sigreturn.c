// `hostile_sigreturn MODE [caught]`: rt_sigreturn with a frame Linux does not accept. It must end the program by a
// signal (expected-signals.txt), and never anything but the program. With `caught` a handler takes that signal instead.
//
// What Linux 6.18 does, by mode: "bad frame" is noticed while rt_sigreturn reads it; "at return" only when the
// processor goes back to user code. Both end in SIGSEGV with si_code SI_KERNEL unless something else is said.
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>

enum { UNMAPPED = 0x10000, HEADER = 512 }; // the XSAVE header comes after the legacy area
#define KERNEL 0xffffffff81000000ULL
#define NON_CANONICAL 0x0000800000000000ULL

static const char *mode;
static sigjmp_buf escape;
static int is(const char *name) { return strcmp(mode, name) == 0; }

// No handler and no frame of the kernel's: the stack pointer names the frame, at which Linux looks first of all.
static int raw_frame(void) {
    static char frame[8192] __attribute__((aligned(64)));
    uintptr_t stack;
    if (is("zeros"))
        stack = (uintptr_t)frame; // at return: cs, rip and rsp are 0
    else if (is("junk"))
        stack = (uintptr_t)memset(
            frame, 0xff, sizeof frame); // bad frame, and SIGSEGV blocked by its mask: fatal even with a handler
    else if (is("stack_unmapped"))
        stack = UNMAPPED; // bad frame
    else if (is("stack_kernel"))
        stack = KERNEL; // bad frame
    else if (is("stack_noncanonical"))
        stack = NON_CANONICAL; // bad frame
    else if (is("stack_end"))
        stack = 0x7ffffffff000 - 64; // bad frame: it would reach out of user space
    else
        return 0;
    __asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall; hlt" : : "r"(stack) : "memory");
    return 1;
}

static void spoil(int signal, siginfo_t *info, void *opaque) {
    (void)signal, (void)info;
    mcontext_t *machine = &((ucontext_t *)opaque)->uc_mcontext;
    greg_t *registers = machine->gregs;
    uint16_t *segments = (uint16_t *)&registers[REG_CSGSFS]; // cs, gs, fs, ss
    char *state = (char *)machine->fpregs;
    uint64_t *header = (uint64_t *)(state + HEADER);
    // Bad frame, all of them: the state is loaded from where it lies, and the processor's fault is noticed.
    if (is("fpstate_unmapped"))
        machine->fpregs = (void *)(uintptr_t)UNMAPPED;
    else if (is("fpstate_kernel"))
        machine->fpregs = (void *)KERNEL;
    else if (is("fpstate_noncanonical"))
        machine->fpregs = (void *)NON_CANONICAL;
    else if (is("fpstate_unaligned"))
        machine->fpregs = (void *)(state + 8);
    else if (is("fpstate_half")) { // its legacy part mapped, the rest not
        char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(pages != MAP_FAILED && munmap(pages + 4096, 4096) == 0);
        machine->fpregs = memcpy(pages + 4096 - 576, state, 576);
    } else if (is("mxcsr"))
        machine->fpregs->mxcsr = 0xffffffff; // reserved bits
    else if (is("xstate_bv"))
        header[0] |= 1ULL << 62; // a component that does not exist
    else if (is("xcomp_bv"))
        header[0] |= 7, header[1] = 1ULL << 63; // compacted, but without the components it is said to have
    else if (is("xheader_reserved"))
        header[0] |= 7, header[2] = 1; // the standard format wants zeroes here
    // At return. Some processors fault in the kernel, others only on the first fetch: the same signal.
    else if (is("rip_kernel"))
        registers[REG_RIP] = (greg_t)KERNEL; // SEGV_MAPERR: an ordinary page fault
    else if (is("rip_noncanonical"))
        registers[REG_RIP] = (greg_t)NON_CANONICAL;
    else if (is("rip_unmapped"))
        registers[REG_RIP] = UNMAPPED; // SEGV_MAPERR
    else if (is("rsp_unmapped"))
        registers[REG_RSP] = UNMAPPED; // SEGV_MAPERR, at the first use
    else if (is("rsp_kernel"))
        registers[REG_RSP] = (greg_t)KERNEL; // SEGV_MAPERR
    else if (is("rsp_noncanonical"))
        registers[REG_RSP] = (greg_t)NON_CANONICAL; // SIGBUS: a stack fault, not a protection fault
    else if (is("cs_null"))
        segments[0] = 0;
    else if (is("cs_kernel"))
        segments[0] = 0x10;
    else if (is("cs_data"))
        segments[0] = 0x2b;
    else if (is("cs_ldt"))
        segments[0] = 0xfff7;
    else if (is("ss_null"))
        segments[3] = 0;
    else if (is("ss_kernel"))
        segments[3] = 0x18;
    else if (is("ss_code"))
        segments[3] = 0x33;
    else if (is("trap_flag"))
        registers[REG_EFL] |= 256; // allowed: SIGTRAP after one instruction
    else
        check_failed(__FILE__, __LINE__, "no such mode: %s", mode);
}

static void catch (int signal, siginfo_t *info, void *context) {
    (void)context;
    int not_there = is("rip_kernel") || is("rip_unmapped") || is("rsp_unmapped") || is("rsp_kernel");
    CHECK_EQUAL(signal, is("trap_flag") ? SIGTRAP : is("rsp_noncanonical") ? SIGBUS : SIGSEGV);
    CHECK_EQUAL(info->si_code, is("trap_flag") ? TRAP_TRACE : not_there ? SEGV_MAPERR : SI_KERNEL);
    siglongjmp(escape, 1);
}

int main(int argc, char **argv) {
    if (argc < 2) check_failed(__FILE__, __LINE__, "usage: hostile_sigreturn MODE [caught]");
    mode = argv[1];
    int caught = argc > 2;
    printf("%s\n", mode);
    struct sigaction action = { .sa_sigaction = spoil, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);

    static char alternate[65536];
    stack_t stack = { .ss_sp = alternate, .ss_size = sizeof alternate };
    if (caught) {
        action = (struct sigaction){ .sa_sigaction = catch, .sa_flags = SA_ONSTACK | SA_SIGINFO };
        CHECK(sigaltstack(&stack, NULL) == 0);
        CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0 &&
              sigaction(SIGTRAP, &action, NULL) == 0);
    }
    volatile double number = 1.5; // after it all, the floating-point unit works
    for (volatile int i = 0; i < (caught ? 20 : 1); i++) {
        if (sigsetjmp(escape, 1) == 0) {
            if (!raw_frame()) raise(SIGUSR1);
            check_failed(__FILE__, __LINE__, "survived %s", mode);
        }
        number = number * 2;
    }
    CHECK(number == 1.5 * (1 << 20));
    return check_ok();
}
