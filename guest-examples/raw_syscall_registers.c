// What the kernel's ABI promises about a raw `syscall`: rax is the result, rcx the next instruction's address, r11 the
// flags; every other register, every user flag and the 128 bytes below the stack pointer (the red zone) stay as they
// were.
#include "check.h"
#include <cpuid.h>
#include <sys/syscall.h>

struct registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15, flags, red_zone[2], rsp_moved;
};

// Written out whole, because an inline asm cannot set rbp, rsp and all the others at once.
void probe(const struct registers *in, struct registers *out);
extern const char probe_after_syscall[];
__asm__("probe:\n"
        "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "  push %rsi; push %rsp\n" // where to put the results, and the stack pointer to compare with
        "  mov 8*16(%rdi), %rax; mov %rax, -8(%rsp)\n"
        "  mov 8*17(%rdi), %rax; mov %rax, -128(%rsp)\n"
        "  mov 8*0(%rdi), %rax; mov 8*1(%rdi), %rbx; mov 8*2(%rdi), %rcx; mov 8*3(%rdi), %rdx\n"
        "  mov 8*4(%rdi), %rsi; mov 8*6(%rdi), %rbp; mov 8*7(%rdi), %r8; mov 8*8(%rdi), %r9\n"
        "  mov 8*9(%rdi), %r10; mov 8*10(%rdi), %r11; mov 8*11(%rdi), %r12; mov 8*12(%rdi), %r13\n"
        "  mov 8*13(%rdi), %r14; mov 8*14(%rdi), %r15\n"
        "  lea -256(%rsp), %rsp; push 8*15(%rdi); mov 8*5(%rdi), %rdi; popfq; lea 256(%rsp), %rsp\n"
        "  syscall\n"
        "probe_after_syscall:\n"
        "  xchg %rdi, 8(%rsp)\n" // touches no flag; rdi is the result area now
        "  mov %rax, 8*0(%rdi); mov %rbx, 8*1(%rdi); mov %rcx, 8*2(%rdi); mov %rdx, 8*3(%rdi)\n"
        "  mov %rsi, 8*4(%rdi); mov %rbp, 8*6(%rdi); mov %r8, 8*7(%rdi); mov %r9, 8*8(%rdi)\n"
        "  mov %r10, 8*9(%rdi); mov %r11, 8*10(%rdi); mov %r12, 8*11(%rdi); mov %r13, 8*12(%rdi)\n"
        "  mov %r14, 8*13(%rdi); mov %r15, 8*14(%rdi)\n"
        "  mov -8(%rsp), %rax; mov %rax, 8*16(%rdi); mov -128(%rsp), %rax; mov %rax, 8*17(%rdi)\n"
        "  mov %rsp, %rax; lea -256(%rsp), %rsp; pushfq; pop 8*15(%rdi); lea 256(%rsp), %rsp\n"
        "  cld; push $2; popfq\n" // leave DF and AC clear for C
        "  sub (%rsp), %rax; mov %rax, 8*18(%rdi)\n"
        "  mov 8(%rsp), %rax; mov %rax, 8*5(%rdi)\n"
        "  add $16, %rsp\n"
        "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");

enum { CF = 1, PF = 4, AF = 16, ZF = 64, SF = 128, INTERRUPTS = 512, DF = 1024, OF = 2048, AC = 1 << 18, ID = 1 << 21 };

// With FRED the processor leaves rcx and r11 alone; a kernel may pass that on.
static int has_fred(void) {
    unsigned eax = 0, ebx, ecx, edx;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && eax >> 17 & 1;
}

static void check_call(uint64_t number, int64_t expected, uint64_t flags, uint64_t seed) {
    struct registers in, out;
    for (size_t i = 0; i < sizeof in / 8; i++)
        ((uint64_t *)&in)[i] = (uint64_t)random_next(&seed) << 33 ^ random_next(&seed);
    in.rax = number;
    in.flags = flags;
    probe(&in, &out);
    CHECK_EQUAL(out.rax, expected);
    CHECK_EQUAL(out.flags, flags | INTERRUPTS | 2);
    if (!(has_fred() && out.rcx == in.rcx && out.r11 == in.r11)) {
        CHECK_EQUAL(out.rcx, (uintptr_t)probe_after_syscall);
        CHECK_EQUAL(out.r11, out.flags);
    }
    // The stack pointer pushed by `push %rsp` is its value before the push: one slot above.
    CHECK_EQUAL(out.rsp_moved, (uint64_t)-8);
    out.rax = in.rax, out.rcx = in.rcx, out.r11 = in.r11, out.flags = in.flags, out.rsp_moved = in.rsp_moved;
    CHECK(memcmp(&in, &out, sizeof in) == 0);
}

int main(void) {
    static const uint64_t flags[] = { 0,  CF, PF, AF, ZF,           SF,
                                      DF, OF, AC, ID, CF | DF | AC, CF | PF | AF | ZF | SF | DF | OF | AC | ID };
    for (uint64_t seed = 0; seed < 200; seed++) {
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
            check_call(SYS_getpid, getpid(), flags[i], seed); // answered at once
            check_call(SYS_sched_yield, 0, flags[i], seed);   // may switch threads
            check_call(9999, -ENOSYS, flags[i], seed);        // does not exist
            check_call(SYS_close, -EBADF, flags[i], seed);    // fails: rdi holds noise
        }
    }
    return check_ok();
}
