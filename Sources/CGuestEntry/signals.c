// What the kernel's signals say about the guest, and how the supervisor's loop is resumed.
//
// Rules
// - No thread-local storage, no stack protector, no libc, general registers only: the thread may
//   have the guest's FS base and vector state loaded. Everything runs on the alternate stack with
//   all but the synchronous signals masked.
// - What was interrupted is decided by the state word *and* the program counter: a guest may jump
//   to any address, the supervisor's included.
// - SIGSYS leaves by guest_take_syscall and the assembly around it, without sigreturn (see enter.S).
// - Nothing is executed for the guest here. The handler copies the registers and turns the signal
//   frame into a resumption of guest_leave; sigreturn then restores the signal mask and the guest's
//   vector state, which guest_leave saves.

#define _GNU_SOURCE
#include <linux/audit.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "include/guest_clock.h"
#include "include/guest_context.h"
#include "include/guest_signals.h"
#include "include/host_call.h"

extern const char guest_enter_begin[], guest_enter_end[];
extern const char guest_access_begin[], guest_access_end[], guest_access_fault[];
extern const char guest_syscall_entry[];
extern const char guest_leave[], guest_leave_rewound[];
extern const char guest_leave_called[], guest_leave_called_saved[];
extern const char guest_call_done[], guest_call_done_end[];
extern void guest_signal_entry(int, siginfo_t *, void *);
extern void guest_signal_restorer(void);
_Static_assert(offsetof(ucontext_t, uc_stack.ss_flags) == UCONTEXT_STACK_FLAGS, "uc_stack");
_Static_assert(offsetof(siginfo_t, si_code) == SIGINFO_CODE, "si_code");
_Static_assert(SS_DISABLE == UCONTEXT_STACK_DISABLED, "SS_DISABLE");
_Static_assert((CONTEXT_REGION_MASK) == ~(GUEST_CONTEXT_REGION_BYTES - 1), "region");

// struct sigaction as the kernel has it (include/linux/signal_types.h); glibc's differs.
struct kernel_sigaction {
    void (*handler)(int, siginfo_t *, void *);
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
};

#define KERNEL_SA_RESTORER 0x04000000u
// XSAVE's standard format, Intel SDM vol. 1, 13.4: the header follows 512 legacy bytes, and the upper
// halves of the AVX registers come right after it.
#define XSTATE_BV 512
#define XSTATE_UP_TO_AVX 7
#define XSAVE_BYTES_UP_TO_AVX 832
#define SIGNAL_BIT(signal) (1ull << ((signal)-1))
#define SYNCHRONOUS_SIGNALS                                                                       \
    (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGILL) |         \
     SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGSYS))

static _Atomic uint64_t outside_signals;
static _Atomic int32_t outside_listener;
static _Atomic int is_orphan;

static inline int within(uint64_t address, const char *begin, const char *end) {
    return address >= (uint64_t)begin && address < (uint64_t)end;
}

// The interrupted thread's context, or NULL when the thread is not a guest's: only guest threads
// have an alternate stack.
static struct guest_context *context_of(const ucontext_t *interrupted) {
    if (interrupted->uc_stack.ss_flags & SS_DISABLE) return NULL;
    uint64_t stack = (uint64_t)interrupted->uc_stack.ss_sp;
    return (struct guest_context *)(stack & ~(uint64_t)(GUEST_CONTEXT_REGION_BYTES - 1));
}

static void save_registers(struct guest_context *context, const ucontext_t *interrupted) {
    uint64_t *registers = &context->r8;
    for (int index = 0; index < 17; index++) {
        registers[index] = (uint64_t)interrupted->uc_mcontext.gregs[index];
    }
    context->rflags = guest_sanitised_flags((uint64_t)interrupted->uc_mcontext.gregs[REG_EFL]);
}

static void resume_at(ucontext_t *interrupted, const char *routine, struct guest_context *context) {
    interrupted->uc_mcontext.gregs[REG_RIP] = (greg_t)routine;
    interrupted->uc_mcontext.gregs[REG_RSP] = (greg_t)context->host_rsp;
    interrupted->uc_mcontext.gregs[REG_RDI] = (greg_t)context;
    interrupted->uc_mcontext.gregs[REG_EFL] = 0x202;
}

static void record_fault(
    struct guest_context *context, int signal, const siginfo_t *info, const ucontext_t *interrupted) {
    context->fault_signal = signal;
    context->fault_code = info->si_code;
    context->fault_address = (uint64_t)info->si_addr;
    context->fault_trap_number = (uint64_t)interrupted->uc_mcontext.gregs[REG_TRAPNO];
    context->fault_error_code = (uint64_t)interrupted->uc_mcontext.gregs[REG_ERR];
}

static void leave_guest(struct guest_context *context, int signal, const siginfo_t *info, ucontext_t *interrupted) {
    save_registers(context, interrupted);
    context->resume_full = 1;
    if (signal == GUEST_PREEMPT_SIGNAL) {
        context->exit_reason = EXIT_PREEMPTED;
    } else {
        context->exit_reason = EXIT_FAULT;
        record_fault(context, signal, info, interrupted);
    }
    // From here on a preempt signal sees host code.
    context->state = CONTEXT_STATE_HOST;
    resume_at(interrupted, guest_leave, context);
}

// A signal between guest_enter_begin and guest_enter_end: nothing of the guest has run yet.
static void rewind_entry(struct guest_context *context, int signal, const siginfo_t *info, ucontext_t *interrupted) {
    context->exit_reason = EXIT_PREEMPTED;
    if (signal != GUEST_PREEMPT_SIGNAL) {
        context->exit_reason = EXIT_BAD_STATE;
        record_fault(context, signal, info, interrupted);
    }
    resume_at(interrupted, guest_leave_rewound, context);
}

static char *append_text(char *cursor, const char *text) {
    while (*text) *cursor++ = *text++;
    return cursor;
}

static char *append_hexadecimal(char *cursor, uint64_t value) {
    *cursor++ = '0';
    *cursor++ = 'x';
    for (int shift = 60; shift >= 0; shift -= 4) *cursor++ = "0123456789abcdef"[(value >> shift) & 15];
    return cursor;
}

// The supervisor itself faulted: say where, then let the same fault end the process.
static void report_host_fault(int signal, const siginfo_t *info, const ucontext_t *interrupted) {
    char line[256];
    char *cursor = append_text(line, "understudy: internal error: the supervisor took signal ");
    *cursor++ = (char)('0' + signal / 10);
    *cursor++ = (char)('0' + signal % 10);
    cursor = append_text(cursor, " at ");
    cursor = append_hexadecimal(cursor, (uint64_t)interrupted->uc_mcontext.gregs[REG_RIP]);
    cursor = append_text(cursor, ", address ");
    cursor = append_hexadecimal(cursor, (uint64_t)info->si_addr);
    cursor = append_text(cursor, ", guest_enter at ");
    cursor = append_hexadecimal(cursor, (uint64_t)guest_enter_begin);
    *cursor++ = '\n';
    host_call(__NR_write, 2, (uint64_t)line, (uint64_t)(cursor - line), 0, 0, 0);
    guest_signals_restore_default(signal);
}

void guest_signals_kick_listener(void) {
    int32_t listener = atomic_load(&outside_listener);
    if (listener == 0) return;
    uint64_t process = (uint64_t)host_call(__NR_getpid, 0, 0, 0, 0, 0, 0);
    host_call(__NR_tgkill, process, (uint64_t)listener, GUEST_KICK_SIGNAL, 0, 0, 0);
}

static void note_outside_signal(int signal) {
    atomic_fetch_or(&outside_signals, SIGNAL_BIT(signal));
    guest_signals_kick_listener();
}

void guest_signals_note_orphan(void) {
    atomic_store(&is_orphan, 1);
    guest_signals_kick_listener();
}

int guest_signals_take_orphan(void) {
    return atomic_exchange(&is_orphan, 0);
}

// A thread on its way out of a rewritten call site goes back to the `syscall`, which stands before where it would have
// gone on. A fault there is one of a GS that is not the supervisor's: the call is made again by way of SIGSYS.
static void leave_called(struct guest_context *context, int signal, const siginfo_t *info, ucontext_t *interrupted) {
    interrupted->uc_mcontext.gregs[REG_RIP] = interrupted->uc_mcontext.gregs[REG_RCX] - 2;
    int is_access = signal == SIGSEGV || signal == SIGBUS;
    leave_guest(context, is_access ? GUEST_PREEMPT_SIGNAL : signal, info, interrupted);
}

// A thread whose call is made, on its way back into the guest: the registers that compiled code spoils are in the
// context, with the result.
static void leave_done_call(struct guest_context *context, const siginfo_t *info, ucontext_t *interrupted) {
    greg_t *registers = interrupted->uc_mcontext.gregs;
    registers[REG_R8] = (greg_t)context->r8;
    registers[REG_R9] = (greg_t)context->r9;
    registers[REG_R10] = (greg_t)context->r10;
    registers[REG_R11] = (greg_t)context->rflags;
    registers[REG_RDI] = (greg_t)context->rdi;
    registers[REG_RSI] = (greg_t)context->rsi;
    registers[REG_RDX] = (greg_t)context->rdx;
    registers[REG_RAX] = (greg_t)context->rax;
    registers[REG_RCX] = (greg_t)context->rcx;
    registers[REG_RIP] = (greg_t)context->rcx;
    registers[REG_RSP] = (greg_t)context->rsp;
    registers[REG_EFL] = (greg_t)context->rflags;
    leave_guest(context, GUEST_PREEMPT_SIGNAL, info, interrupted);
}

// Whether a handler was interrupted: only handlers run on the alternate stack.
static int is_in_handler(const struct guest_context *context, const ucontext_t *interrupted) {
    uint64_t stack = (uint64_t)interrupted->uc_mcontext.gregs[REG_RSP] - (uint64_t)context;
    return stack >= GUEST_CONTEXT_SIGNAL_STACK && stack <= GUEST_CONTEXT_REGION_BYTES;
}

// A signal that was *sent*, preempt or a fault's number, ends the guest's run and says nothing about it. One that
// interrupts another handler does nothing: that handler is on its way out of the guest already.
static void handle_sent(int signal, struct guest_context *context, const siginfo_t *info, ucontext_t *interrupted) {
    if (signal != GUEST_PREEMPT_SIGNAL) note_outside_signal(signal);
    if (context == NULL || context->state != CONTEXT_STATE_GUEST) return;
    if (is_in_handler(context, interrupted)) return;
    uint64_t counter = (uint64_t)interrupted->uc_mcontext.gregs[REG_RIP];
    // The guest's vDSO looks at the stop word when it has its time, and so does whoever makes a call.
    if (context->in_call || guest_clock_is_reading(counter)) return;
    if (within(counter, guest_enter_begin, guest_enter_end)) {
        rewind_entry(context, GUEST_PREEMPT_SIGNAL, info, interrupted);
    } else if (within(counter, guest_leave_called, guest_leave_called_saved)) {
        leave_called(context, GUEST_PREEMPT_SIGNAL, info, interrupted);
    } else if (within(counter, guest_call_done, guest_call_done_end)) {
        leave_done_call(context, info, interrupted);
    } else {
        leave_guest(context, GUEST_PREEMPT_SIGNAL, info, interrupted);
    }
}

__attribute__((visibility("hidden"), used)) void guest_handle_signal(
    int signal, siginfo_t *info, void *opaque) {
    ucontext_t *interrupted = opaque;
    if (signal == GUEST_KICK_SIGNAL) return;
    struct guest_context *context = context_of(interrupted);
    if (signal == GUEST_PREEMPT_SIGNAL || info->si_code <= 0) {
        handle_sent(signal, context, info, interrupted);
        return;
    }
    uint64_t counter = (uint64_t)interrupted->uc_mcontext.gregs[REG_RIP];
    if (within(counter, guest_access_begin, guest_access_end) && (signal == SIGSEGV || signal == SIGBUS)) {
        interrupted->uc_mcontext.gregs[REG_RIP] = (greg_t)guest_access_fault;
        return;
    }
    // A guest that goes step by step does not see these.
    if (signal == SIGTRAP && context != NULL && guest_clock_is_reading(counter)) return;
    if (context == NULL || context->state != CONTEXT_STATE_GUEST || is_in_handler(context, interrupted) ||
        context->in_call || guest_clock_is_reading(counter)) {
        report_host_fault(signal, info, interrupted);
    } else if (within(counter, guest_enter_begin, guest_enter_end)) {
        rewind_entry(context, signal, info, interrupted);
    } else if (within(counter, guest_leave_called, guest_leave_called_saved)) {
        leave_called(context, signal, info, interrupted);
    } else {
        leave_guest(context, signal, info, interrupted);
    }
}

static void copy_bytes(void *destination, const void *source, size_t count) {
    __asm__ volatile("rep movsb" : "+D"(destination), "+S"(source), "+c"(count) : : "memory");
}

// The vector state that the kernel has put into the signal frame (standard XSAVE format). The copy
// ends after AVX where nothing beyond is in use: XRSTOR does not look at what XSTATE_BV leaves out.
static void copy_vector_state(struct guest_context *context, const ucontext_t *interrupted) {
    const uint8_t *saved = (const uint8_t *)interrupted->uc_mcontext.fpregs;
    uint64_t components = *(const uint64_t *)(saved + XSTATE_BV) & context->xsave_mask;
    size_t bytes = components & ~(uint64_t)XSTATE_UP_TO_AVX ? context->xsave_bytes : XSAVE_BYTES_UP_TO_AVX;
    if (bytes > context->xsave_bytes) bytes = context->xsave_bytes;
    uint8_t *area = guest_context_xsave_area(context);
    copy_bytes(area, saved, bytes);
    *(uint64_t *)(area + XSTATE_BV) = components;
}

// A SIGSYS that found the guest's registers loaded. Returns 0 when the registers have been saved,
// 1 when the guest has not been entered yet and the context still holds all of them.
__attribute__((visibility("hidden"), used)) uint32_t guest_take_syscall(
    int signal, const siginfo_t *info, const ucontext_t *interrupted, struct guest_context *context) {
    (void)signal;
    uint64_t counter = (uint64_t)interrupted->uc_mcontext.gregs[REG_RIP];
    context->exit_reason = EXIT_SYSCALL;
    context->syscall_architecture = info->si_arch;
    if (within(counter, guest_enter_begin, guest_enter_end)) return 1;
    save_registers(context, interrupted);
    copy_vector_state(context, interrupted);
    // With the trap flag set the fast way in would trap inside the supervisor; IRETQ does not. And only a
    // 64-bit syscall may spoil rcx and r11: int 0x80 gives them back.
    context->resume_full = (context->rflags & 0x100) != 0 || info->si_arch != AUDIT_ARCH_X86_64;
    return 0;
}

static long install(int signal) {
    if (signal == SIGSYS) {
        struct kernel_sigaction action = {
            .handler = (void (*)(int, siginfo_t *, void *))guest_syscall_entry,
            .flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | KERNEL_SA_RESTORER,
            .restorer = guest_signal_restorer,
        };
        return host_call(__NR_rt_sigaction, (uint64_t)signal, (uint64_t)&action, 0, 8, 0, 0);
    }
    struct kernel_sigaction action = {
        .handler = guest_signal_entry,
        .flags = SA_SIGINFO | SA_ONSTACK | KERNEL_SA_RESTORER,
        .restorer = guest_signal_restorer,
        // No handler makes a trapped syscall, so SIGSYS can only be a sent one here, and waits.
        .mask = ~(SYNCHRONOUS_SIGNALS & ~SIGNAL_BIT(SIGSYS)),
    };
    return host_call(__NR_rt_sigaction, (uint64_t)signal, (uint64_t)&action, 0, 8, 0, 0);
}

long guest_signals_install(void) {
    static const int handled[] = {SIGSYS,  SIGSEGV, SIGBUS,  SIGFPE,
                                  SIGILL,  SIGTRAP, GUEST_PREEMPT_SIGNAL, GUEST_KICK_SIGNAL};
    for (size_t index = 0; index < sizeof handled / sizeof handled[0]; index++) {
        long result = install(handled[index]);
        if (result < 0) return result;
    }
    return 0;
}

void guest_signals_set_listener(int32_t host_tid) {
    atomic_store(&outside_listener, host_tid);
}

uint64_t guest_signals_take_outside(void) {
    return atomic_exchange(&outside_signals, 0);
}

void guest_signals_restore_default(int signal) {
    struct kernel_sigaction action = {0};
    uint64_t mask = SIGNAL_BIT(signal);
    host_call(__NR_rt_sigaction, (uint64_t)signal, (uint64_t)&action, 0, 8, 0, 0);
    host_call(__NR_rt_sigprocmask, 1 /* SIG_UNBLOCK */, (uint64_t)&mask, 0, 8, 0, 0);
}
