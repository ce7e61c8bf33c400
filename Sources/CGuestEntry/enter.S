// Entering and leaving the guest.
//
// Rules
// - guest_enter runs on the supervisor's stack with the supervisor's FS base; nothing here touches
//   the guest's stack, so its red zone stays whole.
// - From guest_enter_begin to guest_enter_end the context still holds every register: a preempt
//   signal or a fault in that range is rewound by guest_leave_rewound and loses nothing.
// - The stop word is read by the first instruction of the range, after the state was published by
//   XCHG (sequentially consistent); whoever sets the stop word reads the state after it.
// - guest_leave is reached by sigreturn from the signal handler, and from guest_leave_called, with
//   rdi = context, rsp = context->host_rsp, flags 0x202, the guest's vector state and FS base still
//   loaded, and the state already CONTEXT_STATE_HOST.

#include "include/guest_context_offsets.h"

    .text

// uint32_t guest_enter(struct guest_context *context /* rdi */)
    .globl  guest_enter
    .hidden guest_enter
    .type   guest_enter, @function
    .p2align 4
guest_enter:
    .cfi_startproc
    pushq   %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq   %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq   %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq   %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq   %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq   %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    movq    %rsp, CONTEXT_HOST_RSP(%rdi)
    movl    $CONTEXT_STATE_GUEST, %eax
    xchgl   %eax, CONTEXT_STATE(%rdi)

    .globl  guest_enter_begin
    .hidden guest_enter_begin
guest_enter_begin:
    cmpl    $0, CONTEXT_STOP(%rdi)
    jne     .Lnot_now
    movl    CONTEXT_XSAVE_MASK(%rdi), %eax
    movl    CONTEXT_XSAVE_MASK+4(%rdi), %edx
    xrstor64 CONTEXT_XSAVE_AREA(%rdi)
    movq    CONTEXT_FS_BASE(%rdi), %rax
    wrfsbase %rax
    movq    CONTEXT_R8(%rdi), %r8
    movq    CONTEXT_R9(%rdi), %r9
    movq    CONTEXT_R10(%rdi), %r10
    movq    CONTEXT_R12(%rdi), %r12
    movq    CONTEXT_R13(%rdi), %r13
    movq    CONTEXT_R14(%rdi), %r14
    movq    CONTEXT_R15(%rdi), %r15
    movq    CONTEXT_RSI(%rdi), %rsi
    movq    CONTEXT_RBP(%rdi), %rbp
    movq    CONTEXT_RBX(%rdi), %rbx
    movq    CONTEXT_RDX(%rdi), %rdx
    cmpl    $0, CONTEXT_RESUME_FULL(%rdi)
    jne     .Lfull

    // As the kernel returns from a syscall: rcx and r11 hold rip and the flags, so rcx can carry the jump.
    movq    CONTEXT_RAX(%rdi), %rax
    movq    CONTEXT_RFLAGS(%rdi), %r11
    movq    CONTEXT_RIP(%rdi), %rcx
    leaq    CONTEXT_RFLAGS(%rdi), %rsp
    popfq
    movq    CONTEXT_RSP(%rdi), %rsp
    movq    CONTEXT_RDI(%rdi), %rdi
    jmp     *%rcx

    // Every register has to be the guest's: IRETQ to the same privilege level is the one instruction
    // that loads rip, rflags and rsp together without touching the guest's stack.
.Lfull:
    movq    CONTEXT_HARDWARE_GS(%rdi), %rax
    wrgsbase %rax
    movq    CONTEXT_RIP(%rdi), %rax
    movq    %rax, CONTEXT_INTERRUPT_RETURN(%rdi)
    movq    $USER_CODE_SELECTOR, CONTEXT_INTERRUPT_RETURN+8(%rdi)
    movq    CONTEXT_RFLAGS(%rdi), %rax
    movq    %rax, CONTEXT_INTERRUPT_RETURN+16(%rdi)
    movq    CONTEXT_RSP(%rdi), %rax
    movq    %rax, CONTEXT_INTERRUPT_RETURN+24(%rdi)
    movq    $USER_STACK_SELECTOR, CONTEXT_INTERRUPT_RETURN+32(%rdi)
    movq    CONTEXT_R11(%rdi), %r11
    movq    CONTEXT_RCX(%rdi), %rcx
    movq    CONTEXT_RAX(%rdi), %rax
    leaq    CONTEXT_INTERRUPT_RETURN(%rdi), %rsp
    movq    CONTEXT_RDI(%rdi), %rdi
    iretq

.Lnot_now:
    movl    $EXIT_PREEMPTED, CONTEXT_EXIT_REASON(%rdi)

    // rdi = context. Reached from above and, by sigreturn, from anywhere in the range.
    .globl  guest_leave_rewound
    .hidden guest_leave_rewound
guest_leave_rewound:
    movq    CONTEXT_HOST_RSP(%rdi), %rsp
    movq    CONTEXT_HOST_FS_BASE(%rdi), %rax
    wrfsbase %rax
    movl    $CONTEXT_STATE_HOST, CONTEXT_STATE(%rdi)
    .globl  guest_enter_end
    .hidden guest_enter_end
guest_enter_end:
    jmp     .Lhost_state

    .globl  guest_leave
    .hidden guest_leave
    .p2align 4
guest_leave:
    movl    CONTEXT_XSAVE_MASK(%rdi), %eax
    movl    CONTEXT_XSAVE_MASK+4(%rdi), %edx
    cmpl    $0, CONTEXT_XSAVE_OPTIMIZED(%rdi)
    je      .Lplain_xsave
    xsaveopt64 CONTEXT_XSAVE_AREA(%rdi)
    jmp     .Lsaved
.Lplain_xsave:
    xsave64 CONTEXT_XSAVE_AREA(%rdi)
.Lsaved:
    rdfsbase %rax
    movq    %rax, CONTEXT_FS_BASE(%rdi)
    // The guest may have taken it for itself, by wrgsbase.
    rdgsbase %rax
    cmpq    CONTEXT_HARDWARE_GS(%rdi), %rax
    je      .Lgs_kept0
    movq    %rax, CONTEXT_HARDWARE_GS(%rdi)
    movq    %rax, CONTEXT_GS_BASE(%rdi)
.Lgs_kept0:
    movq    CONTEXT_HOST_FS_BASE(%rdi), %rax
    wrfsbase %rax

    // The guest's x87 control word, MXCSR and upper halves must not reach Swift.
.Lhost_state:
    fninit
    ldmxcsr .Lhost_mxcsr(%rip)
    vzeroupper
    movl    CONTEXT_EXIT_REASON(%rdi), %eax
    popq    %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq    %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq    %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq    %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq    %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq    %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_endproc
    .size   guest_enter, .-guest_enter

// A rewritten call site: reached by a jump, with every register the guest's but rcx, which is where it goes on.
//
// - Up to guest_leave_called_saved nothing is lost when a signal comes: the registers are as they were, and the
//   signal's handler puts the thread back to the `syscall` before rcx, where it makes its call the other way.
// - While CONTEXT_IN_CALL is set, a signal that was sent does nothing: the thread looks at the stop word afterwards. It
//   runs C code on the supervisor's stack, with the guest's FS base and vector state (see direct.c).
// - From guest_call_done to guest_call_done_end the call is made, and the context holds the registers that C spoils:
//   the handler takes them from there.
    .globl  guest_leave_called
    .hidden guest_leave_called
    .type   guest_leave_called, @function
    .p2align 4
guest_leave_called:
    movq    %r8, %gs:CONTEXT_R8
    movq    %r9, %gs:CONTEXT_R9
    movq    %r10, %gs:CONTEXT_R10
    movq    %rdi, %gs:CONTEXT_RDI
    movq    %rsi, %gs:CONTEXT_RSI
    movq    %rdx, %gs:CONTEXT_RDX
    movq    %rax, %gs:CONTEXT_RAX
    movq    %rsp, %gs:CONTEXT_RSP
    movq    %rcx, %gs:CONTEXT_RCX
    movl    $1, %gs:CONTEXT_IN_CALL
    .globl  guest_leave_called_saved
    .hidden guest_leave_called_saved
guest_leave_called_saved:
    movq    %gs:CONTEXT_SELF, %rdi
    movq    CONTEXT_HOST_RSP(%rdi), %rsp
    // As the CPU would: r11 has the flags, which a syscall does not change.
    pushfq
    popq    %rcx
    movq    %rcx, CONTEXT_RFLAGS(%rdi)
    movq    $0, CONTEXT_CALL_PROGRESS(%rdi)
    // Compiled code wants no alignment checks, upward strings and no traps.
    testl   $0x40500, %ecx
    jne     .Lleave
    // guest_enter has pushed six registers onto a stack that was 8 off from 16.
    subq    $8, %rsp
    call    guest_call_directly
    testl   %eax, %eax
    je      .Lleave
    movl    $0, %gs:CONTEXT_IN_CALL
    .globl  guest_call_done
    .hidden guest_call_done
guest_call_done:
    cmpl    $0, %gs:CONTEXT_STOP
    jne     .Lstopped
    movq    %gs:CONTEXT_R8, %r8
    movq    %gs:CONTEXT_R9, %r9
    movq    %gs:CONTEXT_R10, %r10
    movq    %gs:CONTEXT_RFLAGS, %r11
    // Only the flags of arithmetic can be others: POPFQ takes 30 cycles, these 6. OF is bit 11, and the byte of 1 + 127
    // overflows; SAHF takes the lowest byte.
    movl    %r11d, %eax
    movl    %r11d, %edx
    shrl    $11, %edx
    andl    $1, %edx
    movb    %al, %ah
    addb    $127, %dl
    sahf
    movq    %gs:CONTEXT_RDI, %rdi
    movq    %gs:CONTEXT_RSI, %rsi
    movq    %gs:CONTEXT_RDX, %rdx
    movq    %gs:CONTEXT_RAX, %rax
    movq    %gs:CONTEXT_RCX, %rcx
    movq    %gs:CONTEXT_RSP, %rsp
    jmp     *%rcx
.Lstopped:
    movl    $EXIT_PREEMPTED, %edx
    movl    $1, %gs:CONTEXT_IN_CALL
    jmp     .Lcommit
    .globl  guest_call_done_end
    .hidden guest_call_done_end
guest_call_done_end:

.Lleave:
    movl    $EXIT_CALLED, %edx
.Lcommit:
    pushq   $0x202
    popfq
    movq    %r12, %gs:CONTEXT_R12
    movq    %r13, %gs:CONTEXT_R13
    movq    %r14, %gs:CONTEXT_R14
    movq    %r15, %gs:CONTEXT_R15
    movq    %rbp, %gs:CONTEXT_RBP
    movq    %rbx, %gs:CONTEXT_RBX
    movq    %gs:CONTEXT_SELF, %rdi
    movq    CONTEXT_RCX(%rdi), %rax
    movq    %rax, CONTEXT_RIP(%rdi)
    movq    CONTEXT_RFLAGS(%rdi), %rax
    andl    $0x240dd5, %eax
    orl     $0x202, %eax
    movq    %rax, CONTEXT_RFLAGS(%rdi)
    movq    %rax, CONTEXT_R11(%rdi)
    movl    %edx, CONTEXT_EXIT_REASON(%rdi)
    movl    $0, CONTEXT_RESUME_FULL(%rdi)
    // From here on a preempt signal sees host code.
    movl    $CONTEXT_STATE_HOST, CONTEXT_STATE(%rdi)
    movl    $0, CONTEXT_IN_CALL(%rdi)
    movq    CONTEXT_HOST_RSP(%rdi), %rsp
    jmp     guest_leave
    .size   guest_leave_called, .-guest_leave_called

// Signal entry: the guest's AC flag is still set here and would turn the compiler's unaligned
// accesses into SIGBUS, so it goes first. (The kernel clears DF, TF and RF by itself.)
    .globl  guest_signal_entry
    .hidden guest_signal_entry
    .type   guest_signal_entry, @function
    .p2align 4
guest_signal_entry:
    pushfq
    andq    $~0x40000, (%rsp)
    popfq
    jmp     guest_handle_signal
    .size   guest_signal_entry, .-guest_signal_entry

// SIGSYS: a syscall of the guest's. The hot way out, so it does not go back through sigreturn: the
// handler is installed with SA_NODEFER and an empty mask, so there is no mask to restore, and the
// vector state is copied out of the signal frame. Saves a kernel entry and two vector transfers a call.
//
// rdi = signal, rsi = siginfo, rdx = ucontext, on the alternate stack. The thread's state becomes
// "host" here; a preempt signal that still finds the guest's state, but the alternate stack in use,
// does nothing.
    .globl  guest_syscall_entry
    .hidden guest_syscall_entry
    .type   guest_syscall_entry, @function
    .p2align 4
guest_syscall_entry:
    // Sent by somebody (si_code <= 0): no syscall, and it may have interrupted another handler's entry.
    cmpl    $0, SIGINFO_CODE(%rsi)
    jle     guest_signal_entry
    testl   $UCONTEXT_STACK_DISABLED, UCONTEXT_STACK_FLAGS(%rdx)
    jne     guest_signal_entry
    movq    %rsp, %rax
    andq    $CONTEXT_REGION_MASK, %rax
    xorl    %ecx, %ecx
    xchgl   %ecx, CONTEXT_STATE(%rax)
    pushfq
    andq    $~0x40000, (%rsp)
    popfq
    testl   %ecx, %ecx
    je      guest_handle_signal
    movq    %rax, %rcx
    pushq   %rax
    call    guest_take_syscall
    popq    %rdi
    testl   %eax, %eax
    jne     guest_leave_rewound
    rdfsbase %rax
    movq    %rax, CONTEXT_FS_BASE(%rdi)
    // The guest may have taken it for itself, by wrgsbase.
    rdgsbase %rax
    cmpq    CONTEXT_HARDWARE_GS(%rdi), %rax
    je      .Lgs_kept1
    movq    %rax, CONTEXT_HARDWARE_GS(%rdi)
    movq    %rax, CONTEXT_GS_BASE(%rdi)
.Lgs_kept1:
    movq    CONTEXT_HOST_FS_BASE(%rdi), %rax
    wrfsbase %rax
    movq    CONTEXT_HOST_RSP(%rdi), %rsp
    jmp     .Lhost_state
    .size   guest_syscall_entry, .-guest_syscall_entry

// The stub that the kernel returns to from a handler. It lies above the arena, so no way of
// dispatch traps it.
    .globl  guest_signal_restorer
    .hidden guest_signal_restorer
    .type   guest_signal_restorer, @function
    .p2align 4
guest_signal_restorer:
    movl    $15, %eax
    syscall
    .size   guest_signal_restorer, .-guest_signal_restorer

    .section .rodata
    .p2align 2
.Lhost_mxcsr:
    .long   0x1f80

    .section .note.GNU-stack,"",@progbits
