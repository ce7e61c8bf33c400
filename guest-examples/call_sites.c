// Places that make syscalls, again and again, so that whoever rewrites hot ones has rewritten these: what they do, what
// they leave alone, jumps into them, signals in them, and code that is moved, unmapped, read and written.
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

enum { PAGE = 4096, OFTEN = 200 };

// long site_call(void): getppid, by the usual five bytes. site_middle: whatever the caller has put into rax.
// long site_zero(int, void *, long): read, whose number takes two bytes.
__asm__(".pushsection .text\n"
        ".p2align 12\n"
        ".globl site_begin, site_call, site_middle, site_zero, site_own\n"
        "site_begin:\n"
        "site_call: .cfi_startproc\n"
        "  mov $110, %eax\n"
        "site_middle:\n"
        "  syscall\n"
        "  ret\n"
        "  .cfi_endproc\n"
        "  .p2align 4, 0x90\n"
        "site_zero: .cfi_startproc\n"
        "  xor %eax, %eax\n"
        "  syscall\n"
        "  cmp $-4096, %rax\n"
        "  ret\n"
        "  .cfi_endproc\n"
        "  .p2align 5\n"
        // long site_own(void): getuid, with every register but rax, rcx and r11 to be kept.
        "site_own: .cfi_startproc\n"
        "  mov $102, %eax\n"
        "  syscall\n"
        "  ret\n"
        "  .cfi_endproc\n"
        "  .p2align 12\n"
        ".popsection\n");
extern char site_begin[], site_middle[];
long site_call(void);
long site_zero(int file, void *bytes, long count);
long site_own(void);

static long parent;

static void often(void) {
    for (int i = 0; i < OFTEN; i++) CHECK_EQUAL(site_call(), parent);
}

// All registers but those that a syscall spoils, the flags, and what lies below the stack pointer.
static void registers(void) {
    for (int i = 0; i < OFTEN; i++) {
        uint64_t in[10], out[10], flags;
        for (int n = 0; n < 10; n++) in[n] = (uint64_t)i * 1000 + (uint64_t)n + 1;
        long result;
        __asm__ volatile("mov 0(%3), %%rbx; mov 8(%3), %%rdi; mov 16(%3), %%rsi; mov 24(%3), %%rdx\n"
                         "mov 32(%3), %%r8; mov 40(%3), %%r9; mov 48(%3), %%r10; mov 56(%3), %%r13\n"
                         "mov 64(%3), %%r14; movq 72(%3), %%xmm7\n"
                         "movq $0x5a5a, -100(%%rsp)\n"
                         "stc; std\n"
                         "call site_own\n"
                         "pushf; pop %1; cld\n"
                         "mov %%rbx, 0(%2); mov %%rdi, 8(%2); mov %%rsi, 16(%2); mov %%rdx, 24(%2)\n"
                         "mov %%r8, 32(%2); mov %%r9, 40(%2); mov %%r10, 48(%2); mov %%r13, 56(%2)\n"
                         "mov %%r14, 64(%2); movq %%xmm7, 72(%2)\n"
                         : "=&a"(result), "=&r"(flags)
                         : "r"(out), "r"(in)
                         : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r13", "r14", "xmm7", "memory",
                           "cc");
        CHECK_EQUAL(result, getuid());
        for (int n = 0; n < 10; n++) CHECK_EQUAL(out[n], in[n]);
        CHECK_EQUAL(flags & 0x401, 0x401); // CF and DF
    }
}

// The number that somebody else has put there counts, not that of the instruction before.
static void jumps(void) {
    for (int i = 0; i < OFTEN; i++) {
        long result;
        __asm__ volatile("call site_middle" : "=a"(result) : "a"(SYS_getpid) : "rcx", "r11", "memory");
        CHECK_EQUAL(result, getpid());
    }
    often();
}

static void short_ones(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    for (int i = 0; i < OFTEN; i++) {
        char byte = (char)i, back = 0;
        CHECK(write(ends[1], &byte, 1) == 1 && site_zero(ends[0], &back, 1) == 1 && back == byte);
    }
    CHECK_EQUAL(site_zero(-1, NULL, 1), -EBADF);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static volatile int signals;

static void on_signal(int signal) {
    (void)signal;
    signals++;
}

static void interrupted(void) {
    CHECK(signal(SIGALRM, on_signal) != SIG_ERR);
    struct itimerval timer = {{0, 300}, {0, 300}};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    while (signals < 100) {
        CHECK_EQUAL(site_call(), parent);
        CHECK_EQUAL(site_own(), getuid());
    }
    timer = (struct itimerval){0};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void *caller(void *argument) {
    (void)argument;
    for (int i = 0; i < 20 * OFTEN; i++) {
        CHECK_EQUAL(site_own(), getuid());
        CHECK_EQUAL(site_call(), parent);
        CHECK_EQUAL(syscall(SYS_gettid), gettid());
    }
    return NULL;
}

static void by_threads(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, caller, NULL) == 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

// Who may write to code finds it as it was, and what is written there is done.
static void rewritten(void) {
    static const unsigned char expected[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3};
    CHECK(mprotect(site_begin, PAGE, PROT_READ | PROT_WRITE) == 0);
    CHECK(memcmp(site_begin, expected, sizeof expected) == 0);
    site_begin[1] = SYS_getpid;
    CHECK(mprotect(site_begin, PAGE, PROT_READ | PROT_EXEC) == 0);
    for (int i = 0; i < OFTEN; i++) CHECK_EQUAL(site_call(), getpid());
    CHECK(mprotect(site_begin, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    CHECK_EQUAL(site_begin[1], SYS_getpid);
    site_begin[1] = 110;
    often();
    CHECK(mprotect(site_begin, PAGE, PROT_READ | PROT_EXEC) == 0);
    often();
}

// Moved to another place, dropped, and unmapped.
static void moved(void) {
    char *place = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(place != MAP_FAILED);
    CHECK(mremap(site_begin, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
    long (*call)(void) = (long (*)(void))(uintptr_t)place;
    for (int i = 0; i < OFTEN; i++) CHECK_EQUAL(call(), parent);
    CHECK(mremap(place, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, site_begin) == site_begin);
    often();
}

// GS is the guest's, if it wants it.
static void own_gs(void) {
    static uint64_t value = 0x1234567;
    CHECK(syscall(SYS_arch_prctl, 0x1001, &value) == 0);
    for (int i = 0; i < OFTEN; i++) {
        uint64_t seen;
        __asm__ volatile("mov %%gs:0, %0" : "=r"(seen));
        CHECK_EQUAL(seen, value);
        CHECK_EQUAL(site_call(), parent);
        CHECK_EQUAL(site_own(), getuid());
    }
}

int main(void) {
    parent = getppid();
    often();
    registers();
    jumps();
    short_ones();
    interrupted();
    by_threads();
    rewritten();
    moved();
    own_gs();
    return check_ok();
}
