// `fault MODE`: ends by the signal that Linux sends for such a fault (expected-signals.txt says which).
#include "scratch.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

static const char *mode;
static int is(const char *name) { return strcmp(mode, name) == 0; }
static const int constant = 5; // in .rodata
static void handler(int signal) { (void)signal; }

// Reads and writes through this are not the compiler's business.
static volatile char *pointer(uintptr_t address) {
    __asm__ volatile("" : "+r"(address));
    return (volatile char *)address;
}

__attribute__((noinline)) static int recurse(int level) {
    volatile char frame[1000];
    frame[0] = (char)level;
    return level == 1 << 30 ? 0 : recurse(level + 1) + frame[0];
}

static void jump_to(uintptr_t address) { __asm__ volatile("jmp *%0" : : "r"(address) : "memory"); }

static void memory_fault(void) {
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    memset(page, 0xc3, 4096); // ret
    if (is("null_read"))
        (void)*pointer(0);
    else if (is("null_write"))
        *pointer(8) = 1;
    else if (is("write_rodata"))
        *pointer((uintptr_t)&constant) = 1;
    else if (is("write_code"))
        *pointer((uintptr_t)memory_fault) = 1;
    else if (is("kernel_read"))
        (void)*pointer(0xffffffff81000000);
    else if (is("noncanonical"))
        (void)*pointer(0x800000000000);
    // Through rsp or rbp it is a stack fault: another exception, another signal.
    else if (is("noncanonical_stack"))
        __asm__ volatile("mov %0, %%rsp; push $1" : : "r"(0x800000001000) : "memory");
    else if (is("exec_data"))
        ((void (*)(void))(uintptr_t)page)();
    else if (is("unmapped"))
        munmap(page, 8192), (void)*pointer((uintptr_t)page);
    else if (is("prot_none"))
        mprotect(page, 8192, PROT_NONE), (void)*pointer((uintptr_t)page);
    else if (is("jump_null"))
        jump_to(0);
    else if (is("jump_noncanonical"))
        jump_to(0x800000000000);
    else if (is("stack_overflow"))
        recurse(0);
    else if (is("past_end")) {
        scratch_enter();
        int file = file_open("empty", O_CREAT | O_RDWR);
        char *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
        unlink("empty");
        scratch_leave();
        (void)*pointer((uintptr_t)mapped);
    }
}

static void instruction_fault(void) {
    if (is("divide"))
        __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx" : : : "rax", "rcx", "rdx");
    else if (is("float_divide")) {
        unsigned unmasked = 0x1d80;
        __asm__ volatile("ldmxcsr %0; mov $1, %%eax; cvtsi2sd %%eax, %%xmm0; xorpd %%xmm1, %%xmm1; divsd %%xmm1, %%xmm0"
                         :
                         : "m"(unmasked)
                         : "rax", "xmm0", "xmm1");
    } else if (is("ud2"))
        __asm__ volatile("ud2");
    else if (is("lock_prefix"))
        __asm__ volatile(".byte 0xf0, 0x89, 0xc0"); // lock mov: not allowed
    else if (is("int3"))
        __asm__ volatile("int3");
    else if (is("int1"))
        __asm__ volatile(".byte 0xf1");
    else if (is("int4"))
        __asm__ volatile("int $4");
    else if (is("int32"))
        __asm__ volatile("int $32");
    else if (is("hlt"))
        __asm__ volatile("hlt");
    else if (is("cli"))
        __asm__ volatile("cli");
    else if (is("in_port"))
        __asm__ volatile("in $0x80, %%al" : : : "rax");
    else if (is("read_cr0"))
        __asm__ volatile("mov %%cr0, %%rax" : : : "rax");
    else if (is("wrmsr"))
        __asm__ volatile("wrmsr");
    else if (is("unaligned_sse"))
        __asm__ volatile("movaps 8(%0), %%xmm0" : : "r"((uintptr_t)&mode & ~15UL) : "xmm0");
    else if (is("alignment_check"))
        __asm__ volatile("sub $256, %%rsp; and $-16, %%rsp; pushfq; orl $0x40000, (%%rsp); popfq; mov 1(%%rsp), %%eax"
                         :
                         :
                         : "rax", "memory", "cc");
}

int main(int argc, char **argv) {
    if (argc < 2) check_failed(__FILE__, __LINE__, "usage: fault MODE");
    mode = argv[1];
    printf("%s\n", mode); // must be out before the end comes

    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    limit.rlim_cur = 1 << 20;
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);

    // A fault cannot be ignored, nor blocked, nor handled where there is no stack for the handler: all three are fatal.
    sigset_t all;
    sigfillset(&all);
    if (is("ignored"))
        signal(SIGSEGV, SIG_IGN), mode = "null_read";
    else if (is("blocked"))
        sigprocmask(SIG_BLOCK, &all, NULL), mode = "null_read";
    else if (is("handled_without_stack"))
        signal(SIGSEGV, handler), mode = "stack_overflow";
    else if (is("bad_alternate_stack")) {
        stack_t stack = { .ss_sp = (void *)0x10000, .ss_size = 65536 };
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
        CHECK(sigaltstack(&stack, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
        mode = "null_read";
    }
    memory_fault();
    instruction_fault();
    check_failed(__FILE__, __LINE__, "survived or unknown: %s", argv[1]);
}
