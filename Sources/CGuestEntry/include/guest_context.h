// One guest thread's registers, and how it is entered and left.
//
// A context lies at the start of a region of its own, aligned to the region's size:
//
//   +0x0000  struct guest_context
//   +0x1000  XSAVE area (standard format)
//   +0x6000  alternate signal stack, growing down from +0x10000
//
// so a signal handler finds it from the alternate stack's address alone. While no
// thread runs on it, the context is the whole of the guest thread's machine state.
#ifndef GUEST_CONTEXT_H
#define GUEST_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_context_offsets.h"

#define GUEST_CONTEXT_REGION_BYTES 0x10000
#define GUEST_CONTEXT_XSAVE_BYTES 0x5000
#define GUEST_CONTEXT_SIGNAL_STACK 0x6000

struct guest_context {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint64_t fs_base, gs_base;
    uint64_t host_rsp, host_fs_base;
    /// Components that XSAVE and XRSTOR carry: XCR0 without PKRU.
    uint64_t xsave_mask;
    /// The frame that IRETQ pops: rip, cs, rflags, rsp, ss.
    uint64_t interrupt_return[5];
    /// CONTEXT_STATE_*: whose registers the thread has loaded.
    uint32_t state;
    /// Nonzero asks the thread to leave, or not to enter; see guest_context_request_stop.
    uint32_t stop;
    uint32_t exit_reason;
    /// Nonzero: enter by IRETQ with every register; zero: as after a syscall (rcx = rip, r11 = flags).
    uint32_t resume_full;
    uint32_t xsave_optimized;
    /// What the fault's siginfo said; signal number, si_code, si_addr.
    int32_t fault_signal;
    int32_t fault_code;
    uint32_t syscall_architecture;
    uint64_t fault_address;
    uint64_t fault_trap_number;
    uint64_t fault_error_code;
    /// Bytes of the XSAVE area that this CPU uses, and that a guest without AVX-512 state uses.
    uint32_t xsave_bytes;
    /// The host thread that runs this context.
    int32_t host_tid;
    /// This context's own address, and where a rewritten call site leaves to: found by way of GS.
    uint64_t self;
    uint64_t leave_called;
    /// What GS is while the guest runs: `self`, or `gs_base` where the guest wants it for itself or no call site is
    /// rewritten. guest_context_release_gs says which.
    uint64_t hardware_gs;
    /// What getpid, gettid and getppid answer.
    int32_t guest_pid, guest_tid, guest_parent_pid;
    /// Bit n: clock n can be read without leaving the guest.
    uint32_t clocks;
    /// guest_read_clock, and the clock_gettime of the host's vDSO.
    uint64_t clock_entry, clock_host;
    /// Of the thread that reads one.
    uint64_t clock_rsp, clock_return, clock_number;
    int64_t clock_time[2];
    /// What the guest's clocks are ahead of the host's; the nanoseconds are those of a second.
    int64_t clock_offset_seconds[8];
    uint64_t clock_offset_nanoseconds[8];
    /// Nonzero while the thread, on its way out of a rewritten call site, runs the supervisor's code.
    uint32_t in_call;
    /// Whether that may make calls itself.
    uint32_t makes_calls;
    /// Bytes of a call that has been made in part, and is to be gone on with.
    int64_t call_progress;
    /// The thread's calls by number.
    uint64_t *call_counts;
    /// Where its calls are traced (struct guest_trace_ring), or NULL; whether the one that is being made has its
    /// beginning there.
    void *trace_ring;
    uint32_t trace_has_begun;
};

_Static_assert(offsetof(struct guest_context, r8) == CONTEXT_R8, "r8");
_Static_assert(offsetof(struct guest_context, r9) == CONTEXT_R9, "r9");
_Static_assert(offsetof(struct guest_context, r10) == CONTEXT_R10, "r10");
_Static_assert(offsetof(struct guest_context, r11) == CONTEXT_R11, "r11");
_Static_assert(offsetof(struct guest_context, r12) == CONTEXT_R12, "r12");
_Static_assert(offsetof(struct guest_context, r13) == CONTEXT_R13, "r13");
_Static_assert(offsetof(struct guest_context, r14) == CONTEXT_R14, "r14");
_Static_assert(offsetof(struct guest_context, r15) == CONTEXT_R15, "r15");
_Static_assert(offsetof(struct guest_context, rdi) == CONTEXT_RDI, "rdi");
_Static_assert(offsetof(struct guest_context, rsi) == CONTEXT_RSI, "rsi");
_Static_assert(offsetof(struct guest_context, rbp) == CONTEXT_RBP, "rbp");
_Static_assert(offsetof(struct guest_context, rbx) == CONTEXT_RBX, "rbx");
_Static_assert(offsetof(struct guest_context, rdx) == CONTEXT_RDX, "rdx");
_Static_assert(offsetof(struct guest_context, rax) == CONTEXT_RAX, "rax");
_Static_assert(offsetof(struct guest_context, rcx) == CONTEXT_RCX, "rcx");
_Static_assert(offsetof(struct guest_context, rsp) == CONTEXT_RSP, "rsp");
_Static_assert(offsetof(struct guest_context, rip) == CONTEXT_RIP, "rip");
_Static_assert(offsetof(struct guest_context, rflags) == CONTEXT_RFLAGS, "rflags");
_Static_assert(offsetof(struct guest_context, fs_base) == CONTEXT_FS_BASE, "fs_base");
_Static_assert(offsetof(struct guest_context, gs_base) == CONTEXT_GS_BASE, "gs_base");
_Static_assert(offsetof(struct guest_context, host_rsp) == CONTEXT_HOST_RSP, "host_rsp");
_Static_assert(offsetof(struct guest_context, host_fs_base) == CONTEXT_HOST_FS_BASE, "host_fs_base");
_Static_assert(offsetof(struct guest_context, xsave_mask) == CONTEXT_XSAVE_MASK, "xsave_mask");
_Static_assert(offsetof(struct guest_context, interrupt_return) == CONTEXT_INTERRUPT_RETURN, "interrupt_return");
_Static_assert(offsetof(struct guest_context, state) == CONTEXT_STATE, "state");
_Static_assert(offsetof(struct guest_context, stop) == CONTEXT_STOP, "stop");
_Static_assert(offsetof(struct guest_context, exit_reason) == CONTEXT_EXIT_REASON, "exit_reason");
_Static_assert(offsetof(struct guest_context, resume_full) == CONTEXT_RESUME_FULL, "resume_full");
_Static_assert(offsetof(struct guest_context, xsave_optimized) == CONTEXT_XSAVE_OPTIMIZED, "xsave_optimized");
_Static_assert(offsetof(struct guest_context, self) == CONTEXT_SELF, "self");
_Static_assert(offsetof(struct guest_context, leave_called) == CONTEXT_LEAVE_CALLED, "leave_called");
_Static_assert(offsetof(struct guest_context, hardware_gs) == CONTEXT_HARDWARE_GS, "hardware_gs");
_Static_assert(offsetof(struct guest_context, guest_pid) == CONTEXT_GUEST_PID, "guest_pid");
_Static_assert(offsetof(struct guest_context, guest_tid) == CONTEXT_GUEST_TID, "guest_tid");
_Static_assert(offsetof(struct guest_context, guest_parent_pid) == CONTEXT_GUEST_PARENT_PID, "guest_parent_pid");
_Static_assert(offsetof(struct guest_context, clocks) == CONTEXT_CLOCKS, "clocks");
_Static_assert(offsetof(struct guest_context, clock_entry) == CONTEXT_CLOCK_ENTRY, "clock_entry");
_Static_assert(offsetof(struct guest_context, clock_host) == CONTEXT_CLOCK_HOST, "clock_host");
_Static_assert(offsetof(struct guest_context, clock_rsp) == CONTEXT_CLOCK_RSP, "clock_rsp");
_Static_assert(offsetof(struct guest_context, clock_return) == CONTEXT_CLOCK_RETURN, "clock_return");
_Static_assert(offsetof(struct guest_context, clock_number) == CONTEXT_CLOCK_NUMBER, "clock_number");
_Static_assert(offsetof(struct guest_context, clock_time) == CONTEXT_CLOCK_TIME, "clock_time");
_Static_assert(offsetof(struct guest_context, clock_offset_seconds) == CONTEXT_CLOCK_OFFSET_SECONDS, "seconds");
_Static_assert(
    offsetof(struct guest_context, clock_offset_nanoseconds) == CONTEXT_CLOCK_OFFSET_NANOSECONDS, "nanoseconds");
_Static_assert(offsetof(struct guest_context, in_call) == CONTEXT_IN_CALL, "in_call");
_Static_assert(offsetof(struct guest_context, call_progress) == CONTEXT_CALL_PROGRESS, "call_progress");
_Static_assert(CONTEXT_CLOCK_STACK <= CONTEXT_XSAVE_AREA, "the clocks' stack");
_Static_assert(sizeof(struct guest_context) + 2048 <= CONTEXT_CLOCK_STACK, "2 KiB of stack for the host's vDSO");
_Static_assert(CONTEXT_XSAVE_AREA + GUEST_CONTEXT_XSAVE_BYTES <= GUEST_CONTEXT_SIGNAL_STACK, "XSAVE area");

/// Maps a region and prepares a context in it: flags and vector state as the kernel gives a new program.
/// NULL when the region cannot be mapped.
struct guest_context *guest_context_create(void);

/// Unmaps a context's region. No thread may be running on it.
void guest_context_destroy(struct guest_context *context);

/// Binds the calling host thread to `context`: alternate stack, FS base, thread id.
/// Returns 0 or a negative errno.
long guest_context_attach(struct guest_context *context);

/// GS becomes the guest's: from the thread's next entry on it is `gs_base`. No call site may be rewritten then.
static inline void guest_context_release_gs(struct guest_context *context) {
    context->hardware_gs = context->gs_base;
    context->resume_full = 1;
}

/// After `gs_base` was set from elsewhere: GS is the guest's where it had one of its own.
static inline void guest_context_choose_gs(struct guest_context *context) {
    context->hardware_gs = context->gs_base == 0 ? context->self : context->gs_base;
    context->resume_full = 1;
}

/// Whether call sites may be rewritten, as far as this thread is concerned.
static inline bool guest_context_has_gs(const struct guest_context *context) {
    return context->hardware_gs == context->self;
}

/// Takes the alternate stack away again, before the region may be destroyed.
void guest_context_detach(struct guest_context *context);

/// Runs the guest until something ends its run; returns EXIT_*.
uint32_t guest_enter(struct guest_context *context);

/// Asks the thread on `context` to come to its loop soon: it leaves the guest, or does not enter it.
/// A thread that is in the supervisor is not disturbed.
void guest_context_request_stop(struct guest_context *context);

/// Reads and clears the request; called by the thread itself, in its loop.
bool guest_context_take_stop(struct guest_context *context);

/// The XSAVE area, and how many bytes of it this CPU uses.
static inline uint8_t *guest_context_xsave_area(struct guest_context *context) {
    return (uint8_t *)context + CONTEXT_XSAVE_AREA;
}
uint32_t guest_xsave_bytes(void);
uint64_t guest_xsave_mask(void);
/// The size of one state component (SDM vol. 1, 13.1), 0 where the CPU has none.
uint32_t guest_xsave_component_bytes(uint32_t component);
/// Where a component after x87 and SSE lies in the standard format.
uint32_t guest_xsave_component_offset(uint32_t component);

/// Vector state as a new program gets it.
void guest_context_reset_vector_state(struct guest_context *context);

/// The same as XRSTOR sees it, without clearing the whole area: every component in its initial state.
void guest_context_clear_vector_state(struct guest_context *context);

/// Writes out the x87 and SSE parts that XSAVEOPT left stale because they are in their initial state,
/// for a reader that does not look at XSTATE_BV (a signal handler of the guest's).
void guest_context_complete_vector_state(struct guest_context *context);

/// Whether XRSTOR can load an image that came from the guest (rt_sigreturn):
/// XSTATE_BV within the mask, XCOMP_BV and reserved bytes zero, MXCSR within its mask.
bool guest_context_vector_state_is_valid(struct guest_context *context);

/// The same of an image of 576 bytes or more that came from the link and is in no context yet.
bool guest_vector_image_is_valid(const void *image, uint64_t mask);

/// The bits of RFLAGS that user code may hold (SDM vol. 3, 2.3), with IF and the fixed bit set.
static inline uint64_t guest_sanitised_flags(uint64_t flags) {
    return (flags & 0x240dd5) | 0x202;
}

#endif
