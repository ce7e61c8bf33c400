// The only routines that touch guest memory on the supervisor's behalf.
//
// Rules
// - Any instruction between guest_access_begin and guest_access_end may fault; the signal handler
//   then continues at guest_access_fault, which returns rcx: the number of bytes not copied, or 1.
// - They use no stack, so there is nothing to unwind.
// - Both pointers may be the guest's; the caller has checked that the guest's range ends below the arena's end.

    .text
    .globl  guest_access_begin
    .hidden guest_access_begin
guest_access_begin:

// size_t guest_copy(void *destination /* rdi */, const void *source /* rsi */, size_t count /* rdx */)
// Returns the number of bytes that could not be copied. REP MOVSB keeps rcx exact at a fault.
    .globl  guest_copy
    .type   guest_copy, @function
    .p2align 4
guest_copy:
    movq    %rdx, %rcx
    rep movsb
    movq    %rcx, %rax
    ret
    .size   guest_copy, .-guest_copy

// size_t guest_fill(void *destination /* rdi */, uint8_t value /* sil */, size_t count /* rdx */)
    .globl  guest_fill
    .type   guest_fill, @function
    .p2align 4
guest_fill:
    movq    %rdx, %rcx
    movl    %esi, %eax
    rep stosb
    movq    %rcx, %rax
    ret
    .size   guest_fill, .-guest_fill

// size_t guest_load32(const uint32_t *address /* rdi */, uint32_t *value /* rsi */): 0, or 1 at a fault.
    .globl  guest_load32
    .type   guest_load32, @function
    .p2align 4
guest_load32:
    movl    $1, %ecx
    movl    (%rdi), %eax
    movl    %eax, (%rsi)
    xorl    %eax, %eax
    ret
    .size   guest_load32, .-guest_load32

// size_t guest_store32(uint32_t *address /* rdi */, uint32_t value /* esi */): 0, or 1 at a fault.
    .globl  guest_store32
    .type   guest_store32, @function
    .p2align 4
guest_store32:
    movl    $1, %ecx
    movl    %esi, (%rdi)
    xorl    %eax, %eax
    ret
    .size   guest_store32, .-guest_store32

// size_t guest_compare_exchange32(
//     uint32_t *address /* rdi */, uint32_t *expected /* rsi */, uint32_t desired /* edx */)
// Atomic; writes what it found to *expected. 0, or 1 at a fault.
    .globl  guest_compare_exchange32
    .type   guest_compare_exchange32, @function
    .p2align 4
guest_compare_exchange32:
    movl    $1, %ecx
    movl    (%rsi), %eax
    lock cmpxchgl %edx, (%rdi)
    movl    %eax, (%rsi)
    xorl    %eax, %eax
    ret
    .size   guest_compare_exchange32, .-guest_compare_exchange32

    .globl  guest_access_end
    .hidden guest_access_end
guest_access_end:
    nop

    .globl  guest_access_fault
    .hidden guest_access_fault
guest_access_fault:
    movq    %rcx, %rax
    ret

    .section .note.GNU-stack,"",@progbits
