// Offsets into struct guest_context, shared by the assembly and the C side.
//
// guest_context.h asserts each of them against offsetof, so they cannot drift.
// R8 … RFLAGS follow the order of gregset_t, which lets the signal handler copy
// the interrupted registers in one run.
#ifndef GUEST_CONTEXT_OFFSETS_H
#define GUEST_CONTEXT_OFFSETS_H

#define CONTEXT_R8 0
#define CONTEXT_R9 8
#define CONTEXT_R10 16
#define CONTEXT_R11 24
#define CONTEXT_R12 32
#define CONTEXT_R13 40
#define CONTEXT_R14 48
#define CONTEXT_R15 56
#define CONTEXT_RDI 64
#define CONTEXT_RSI 72
#define CONTEXT_RBP 80
#define CONTEXT_RBX 88
#define CONTEXT_RDX 96
#define CONTEXT_RAX 104
#define CONTEXT_RCX 112
#define CONTEXT_RSP 120
#define CONTEXT_RIP 128
#define CONTEXT_RFLAGS 136
#define CONTEXT_FS_BASE 144
#define CONTEXT_GS_BASE 152
#define CONTEXT_HOST_RSP 160
#define CONTEXT_HOST_FS_BASE 168
#define CONTEXT_XSAVE_MASK 176
#define CONTEXT_INTERRUPT_RETURN 184
#define CONTEXT_STATE 224
#define CONTEXT_STOP 228
#define CONTEXT_EXIT_REASON 232
#define CONTEXT_RESUME_FULL 236
#define CONTEXT_XSAVE_OPTIMIZED 240
#define CONTEXT_SELF 288
#define CONTEXT_LEAVE_CALLED 296
#define CONTEXT_HARDWARE_GS 304
// Calls that are answered in the guest. Stubs in guest memory have these offsets in them, on both sides of a link.
#define CONTEXT_GUEST_PID 312
#define CONTEXT_GUEST_TID 316
#define CONTEXT_GUEST_PARENT_PID 320
// What the guest's vDSO and guest_read_clock use.
#define CONTEXT_CLOCKS 324
#define CONTEXT_CLOCK_ENTRY 328
#define CONTEXT_CLOCK_HOST 336
#define CONTEXT_CLOCK_RSP 344
#define CONTEXT_CLOCK_RETURN 352
#define CONTEXT_CLOCK_NUMBER 360
#define CONTEXT_CLOCK_TIME 368
#define CONTEXT_CLOCK_OFFSET_SECONDS 384
#define CONTEXT_CLOCK_OFFSET_NANOSECONDS 448
// Calls made without leaving the guest (guest_direct.h).
#define CONTEXT_IN_CALL 512
#define CONTEXT_CALL_PROGRESS 520
// The clocks' stack grows down from the XSAVE area, over the rest of the context's page.
#define CONTEXT_CLOCK_STACK 4096

// The vector state's place in the context's region; XSAVE wants 64-byte alignment.
#define CONTEXT_XSAVE_AREA 4096

#define CONTEXT_STATE_HOST 0
#define CONTEXT_STATE_GUEST 1

#define CONTEXT_REGION_MASK ~0xffff

// siginfo_t: si_code.
#define SIGINFO_CODE 8

// ucontext_t: uc_stack.ss_flags and its SS_DISABLE.
#define UCONTEXT_STACK_FLAGS 24
#define UCONTEXT_STACK_DISABLED 2

#define EXIT_SYSCALL 1
#define EXIT_FAULT 2
#define EXIT_PREEMPTED 3
#define EXIT_BAD_STATE 4
#define EXIT_CALLED 5

#define USER_CODE_SELECTOR 0x33
#define USER_STACK_SELECTOR 0x2b
#define CPU_NUMBER_SELECTOR 0x7b

#endif
