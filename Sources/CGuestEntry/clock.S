// Reading clocks for the guest without leaving it: by the host's vDSO, with the guest's offset.
//
// Rules
// - guest_read_clock runs with the guest's registers, FS base and vector state, on a small stack of the context's own;
//   nothing of the guest's memory is touched. General registers only.
// - A preempt signal between guest_read_clock_begin and _end, or in the host's vDSO, does nothing: the caller, in the
//   guest's vDSO, looks at the stop word afterwards. So that no host time is ever in the registers of a thread that is
//   stopped, the offset is added here.
// - What lies between guest_vdso_begin and _end is never run here: it is copied into guest memory. It holds no address.

#include "include/guest_context_offsets.h"

    .text

// edi = one of the clocks 0 to 7, rcx = where to go on. Returns there with rdx = seconds, rsi = nanoseconds, and rdi as
// it was; spoils rax and rcx, r8 to r11.
    .globl  guest_read_clock_begin
    .hidden guest_read_clock_begin
    .globl  guest_read_clock
    .hidden guest_read_clock
    .type   guest_read_clock, @function
    .p2align 4
guest_read_clock_begin:
guest_read_clock:
    movq    %rsp, %gs:CONTEXT_CLOCK_RSP
    movq    %rcx, %gs:CONTEXT_CLOCK_RETURN
    movl    %edi, %edi
    movq    %rdi, %gs:CONTEXT_CLOCK_NUMBER
    movq    %gs:CONTEXT_SELF, %rsi
    leaq    CONTEXT_CLOCK_STACK(%rsi), %rsp
    leaq    CONTEXT_CLOCK_TIME(%rsi), %rsi
    call    *%gs:CONTEXT_CLOCK_HOST
    movq    %gs:CONTEXT_CLOCK_NUMBER, %rdi
    movq    %gs:CONTEXT_CLOCK_TIME, %rdx
    movq    %gs:CONTEXT_CLOCK_TIME+8, %rsi
    addq    %gs:CONTEXT_CLOCK_OFFSET_SECONDS(,%rdi,8), %rdx
    addq    %gs:CONTEXT_CLOCK_OFFSET_NANOSECONDS(,%rdi,8), %rsi
    cmpq    $1000000000, %rsi
    jb      .Lnormal
    subq    $1000000000, %rsi
    incq    %rdx
.Lnormal:
    movq    %gs:CONTEXT_CLOCK_RSP, %rsp
    jmp     *%gs:CONTEXT_CLOCK_RETURN
    .size   guest_read_clock, .-guest_read_clock
    .globl  guest_read_clock_end
    .hidden guest_read_clock_end
guest_read_clock_end:

    .section .rodata
    .globl  guest_vdso_begin
    .hidden guest_vdso_begin
    .p2align 4
guest_vdso_begin:

// Reads clock edi into rdx and rsi, as guest_read_clock does. Goes to `stopped` where a stop has been asked for
// meanwhile.
    .macro read_clock stopped
    leaq    1f(%rip), %rcx
    jmp     *%gs:CONTEXT_CLOCK_ENTRY
1:  cmpl    $0, %gs:CONTEXT_STOP
    jne     \stopped
    .endm

// int __vdso_clock_gettime(clockid_t, struct timespec *). Five bytes at the start of each are there to be replaced by a
// jump to its way by syscall.
    .globl  guest_vdso_clock_gettime, guest_vdso_clock_gettime_slow
    .hidden guest_vdso_clock_gettime, guest_vdso_clock_gettime_slow
guest_vdso_clock_gettime:
    .byte   0x0f, 0x1f, 0x44, 0x00, 0x00
    cmpl    $7, %edi
    ja      guest_vdso_clock_gettime_slow
    movl    %gs:CONTEXT_CLOCKS, %eax
    btl     %edi, %eax
    jnc     guest_vdso_clock_gettime_slow
    pushq   %rbx
    movq    %rsi, %rbx
    read_clock 2f
    movq    %rdx, (%rbx)
    movq    %rsi, 8(%rbx)
    popq    %rbx
    xorl    %eax, %eax
    ret
2:  movq    %rbx, %rsi
    popq    %rbx
guest_vdso_clock_gettime_slow:
    movl    $228, %eax
    syscall
    ret

// int __vdso_gettimeofday(struct timeval *, struct timezone *)
    .globl  guest_vdso_gettimeofday, guest_vdso_gettimeofday_slow
    .hidden guest_vdso_gettimeofday, guest_vdso_gettimeofday_slow
    .p2align 4
guest_vdso_gettimeofday:
    .byte   0x0f, 0x1f, 0x44, 0x00, 0x00
    testq   %rsi, %rsi
    jne     guest_vdso_gettimeofday_slow
    testq   %rdi, %rdi
    je      guest_vdso_gettimeofday_slow
    testl   $1, %gs:CONTEXT_CLOCKS
    je      guest_vdso_gettimeofday_slow
    pushq   %rbx
    movq    %rdi, %rbx
    xorl    %edi, %edi
    read_clock 2f
    movq    %rdx, (%rbx)
    movl    %esi, %eax
    xorl    %edx, %edx
    movl    $1000, %ecx
    divl    %ecx
    movq    %rax, 8(%rbx)
    popq    %rbx
    xorl    %eax, %eax
    ret
2:  movq    %rbx, %rdi
    popq    %rbx
    xorl    %esi, %esi
guest_vdso_gettimeofday_slow:
    movl    $96, %eax
    syscall
    ret

// time_t __vdso_time(time_t *): as the kernel's, of CLOCK_REALTIME_COARSE.
    .globl  guest_vdso_time, guest_vdso_time_slow
    .hidden guest_vdso_time, guest_vdso_time_slow
    .p2align 4
guest_vdso_time:
    .byte   0x0f, 0x1f, 0x44, 0x00, 0x00
    testl   $32, %gs:CONTEXT_CLOCKS
    je      guest_vdso_time_slow
    pushq   %rbx
    movq    %rdi, %rbx
    movl    $5, %edi
    read_clock 2f
    movq    %rdx, %rax
    testq   %rbx, %rbx
    je      3f
    movq    %rax, (%rbx)
3:  popq    %rbx
    ret
2:  movq    %rbx, %rdi
    popq    %rbx
guest_vdso_time_slow:
    movl    $201, %eax
    syscall
    ret

// int __vdso_getcpu(unsigned *, unsigned *, void *): the kernel keeps both numbers in the limit of a segment
// (arch/x86/include/asm/segment.h, vdso_read_cpunode), the processor in its lower 12 bits.
    .globl  guest_vdso_getcpu, guest_vdso_getcpu_slow
    .hidden guest_vdso_getcpu, guest_vdso_getcpu_slow
    .p2align 4
guest_vdso_getcpu:
    .byte   0x0f, 0x1f, 0x44, 0x00, 0x00
    movl    $CPU_NUMBER_SELECTOR, %eax
    lsl     %eax, %eax
    jnz     guest_vdso_getcpu_slow
    testq   %rdi, %rdi
    je      1f
    movl    %eax, %edx
    andl    $0xfff, %edx
    movl    %edx, (%rdi)
1:  testq   %rsi, %rsi
    je      2f
    shrl    $12, %eax
    movl    %eax, (%rsi)
2:  xorl    %eax, %eax
    ret
guest_vdso_getcpu_slow:
    movl    $309, %eax
    syscall
    ret
    .globl  guest_vdso_end
    .hidden guest_vdso_end
guest_vdso_end:

    .section .note.GNU-stack,"",@progbits
