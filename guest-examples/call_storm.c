// Threads that make calls from the same places as fast as they can, while those are rewritten, with signals all the
// time, descriptors that are closed and become others, and code that is written, run and written again.
//
// usage: call_storm [ROUNDS]      calls of each thread (20 000)
#include "check.h"
#include "scratch.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { PAGE = 4096, WORKERS = 3, SITE_BYTES = 64, SITES = PAGE / SITE_BYTES };

static long rounds = 20000;
static atomic_int running;
static atomic_long handled;
static int shared;

// long storm_call(long number, long a, long b, long c): every caller's calls go by this one place.
// uint64_t storm_flags(long *result): getuid with CF, ZF and OF set or not, as its argument says; the flags behind it.
__asm__(".pushsection .text\n"
        ".globl storm_call, storm_flags, storm_write, storm_read\n"
        ".p2align 4\n"
        "storm_call: .cfi_startproc\n"
        "  mov %rdi, %rax\n"
        "  mov %rsi, %rdi\n"
        "  mov %rdx, %rsi\n"
        "  mov %rcx, %rdx\n"
        "  syscall\n"
        "  ret\n"
        "  .cfi_endproc\n"
        ".p2align 4\n"
        "storm_flags: .cfi_startproc\n"
        "  push %rdi\n"
        "  popf\n"
        "  mov $102, %eax\n"
        "  syscall\n"
        "  pushf\n"
        "  pop %rdx\n"
        "  mov %eax, (%rsi)\n"
        "  mov %rdx, %rax\n"
        "  ret\n"
        "  .cfi_endproc\n"
        ".p2align 4\n"
        "storm_write: .cfi_startproc\n"
        "  mov $1, %eax\n"
        "  syscall\n"
        "  ret\n"
        "  .cfi_endproc\n"
        ".p2align 4\n"
        "storm_read: .cfi_startproc\n"
        "  xor %eax, %eax\n"
        "  syscall\n"
        "  cmp $-4096, %rax\n"
        "  ret\n"
        "  .cfi_endproc\n"
        ".p2align 4\n"
        ".popsection\n");
long storm_call(long number, long a, long b, long c);
uint64_t storm_flags(uint64_t flags, uint32_t *result);
long storm_write(int file, const void *bytes, long count);
long storm_read(int file, void *bytes, long count);

static int new_file(void) {
    int file = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(file >= 0);
    return file;
}

static int is_interrupted(long result) { return result == -EINTR; }

// Every register that a syscall leaves alone, and what lies below the stack pointer, across a write to /dev/null.
static void registers(int null, uint64_t seed) {
    uint64_t in[8], out[8];
    for (int n = 0; n < 8; n++) in[n] = seed * 1000 + (uint64_t)n;
    long result = 1;
    __asm__ volatile("mov 0(%2), %%rbx; mov 8(%2), %%r8; mov 16(%2), %%r9; mov 24(%2), %%r10; mov 32(%2), %%r12\n"
                     "mov 40(%2), %%r13; mov 48(%2), %%r14; movq 56(%2), %%xmm7\n"
                     "movq $0x5a5a, -128(%%rsp)\n"
                     "lea -8(%%rsp), %%rsp; call storm_write; lea 8(%%rsp), %%rsp\n"
                     "mov %%rbx, 0(%1); mov %%r8, 8(%1); mov %%r9, 16(%1); mov %%r10, 24(%1); mov %%r12, 32(%1)\n"
                     "mov %%r13, 40(%1); mov %%r14, 48(%1); movq %%xmm7, 56(%1)\n"
                     : "+a"(result)
                     : "r"(out), "r"(in), "D"((long)null), "S"(in), "d"(8L)
                     : "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "xmm7", "memory", "cc");
    CHECK_EQUAL(result, 8);
    for (int n = 0; n < 8; n++) CHECK_EQUAL(out[n], in[n]);
}

// A worker's own pipe and file: what it reads back is what it wrote.
static void *worker(void *argument) {
    long identity = (long)argument;
    const uint64_t arithmetic = 0x8d5;
    int ends[2], null = open("/dev/null", O_WRONLY);
    CHECK(null >= 0 && pipe(ends) == 0);
    int file = new_file();
    long uid = getuid();
    // And until a signal has come, if they are that fast.
    for (long i = 0; i < rounds || handled == 0; i++) {
        uint64_t word = (uint64_t)identity << 48 | (uint64_t)i, back = 0;
        CHECK_EQUAL(storm_call(SYS_write, ends[1], (long)&word, 8), 8);
        long count;
        while (is_interrupted(count = storm_call(SYS_read, ends[0], (long)&back, 8)));
        CHECK_EQUAL(count, 8);
        CHECK_EQUAL(back, word);
        CHECK_EQUAL(storm_write(file, &word, 8), 8);
        CHECK_EQUAL(storm_call(SYS_lseek, file, 0, SEEK_SET), 0);
        back = 0;
        CHECK_EQUAL(storm_read(file, &back, 8), 8);
        CHECK_EQUAL(back, word);
        CHECK_EQUAL(storm_call(SYS_lseek, file, 0, SEEK_SET), 0);
        uint32_t result = 0;
        uint64_t flags = (uint64_t)i * 0x9e3779b97f4a7c15 & arithmetic;
        CHECK_EQUAL(storm_flags(flags | 0x202, &result) & arithmetic, flags);
        CHECK_EQUAL(result, uid);
        registers(null, word);
        // Whatever it is just now: bytes, or nothing there.
        count = storm_write(shared, "shared!!", 8);
        CHECK(count == 8 || count == -EBADF);
    }
    CHECK(close(file) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0 && close(null) == 0);
    running--;
    return NULL;
}

// The shared descriptor is closed and comes again; files that come in between get nothing of what is written to it.
static void *closer(void *argument) {
    (void)argument;
    while (running > 0) {
        int target = new_file();
        CHECK(dup2(target, shared) == shared);
        CHECK(close(shared) == 0 && close(target) == 0);
        int other = new_file();
        CHECK_EQUAL(storm_write(other, "other", 5), 5);
        sched_yield();
        struct stat status;
        CHECK(fstat(other, &status) == 0);
        CHECK_EQUAL(status.st_size, 5);
        CHECK(close(other) == 0);
    }
    return NULL;
}

static void on_signal(int signal) {
    (void)signal;
    int saved = errno;
    CHECK_EQUAL(storm_call(SYS_getppid, 0, 0, 0), getppid());
    handled++;
    errno = saved;
}

// Code in a file of its own: SITES places that each ask for what is written there.
static unsigned char code[PAGE];

static void write_site(unsigned char *site, int number) {
    unsigned char bytes[] = {0xb8, (unsigned char)number, 0, 0, 0, 0x0f, 0x05, 0xc3};
    memcpy(site, bytes, sizeof bytes);
}

static void *code_writer(void *argument) {
    (void)argument;
    long ids[2] = {getpid(), getppid()};
    int numbers[2] = {SYS_getpid, SYS_getppid};
    memset(code, 0xcc, sizeof code);
    for (int n = 0; n < SITES; n++) write_site(code + n * SITE_BYTES, numbers[0]);
    int file = new_file();
    CHECK_EQUAL(write(file, code, PAGE), PAGE);
    unsigned char *place = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    CHECK(place != MAP_FAILED);
    for (int turn = 0; running > 0; turn++) {
        for (int n = 0; n < SITES; n++) {
            long (*call)(void) = (long (*)(void))(uintptr_t)(place + n * SITE_BYTES);
            for (int again = 0; again < 40; again++) CHECK_EQUAL(call(), ids[turn & 1]);
        }
        CHECK(mprotect(place, PAGE, PROT_READ | PROT_WRITE) == 0);
        CHECK(memcmp(place, code, PAGE) == 0);
        for (int n = 0; n < SITES; n++) {
            write_site(code + n * SITE_BYTES, numbers[~turn & 1]);
            write_site(place + n * SITE_BYTES, numbers[~turn & 1]);
        }
        CHECK(mprotect(place, PAGE, PROT_READ | PROT_EXEC) == 0);
    }
    CHECK(munmap(place, PAGE) == 0 && close(file) == 0);
    return NULL;
}

int main(int count, char **arguments) {
    if (count > 1) rounds = atol(arguments[1]);
    scratch_enter();
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    shared = 700;
    running = WORKERS;
    pthread_t workers[WORKERS], others[2];
    for (long n = 0; n < WORKERS; n++) CHECK(pthread_create(&workers[n], NULL, worker, (void *)(n + 1)) == 0);
    CHECK(pthread_create(&others[0], NULL, closer, NULL) == 0);
    CHECK(pthread_create(&others[1], NULL, code_writer, NULL) == 0);
    for (long sent = 0; running > 0; sent++) {
        // A thread that has ended is not joined yet, so its name is good.
        CHECK(pthread_kill(workers[sent % WORKERS], SIGUSR1) == 0 || errno == ESRCH);
        if (sent % 64 == 0) poll(NULL, 0, 1);
    }
    for (int n = 0; n < WORKERS; n++) CHECK(pthread_join(workers[n], NULL) == 0);
    for (int n = 0; n < 2; n++) CHECK(pthread_join(others[n], NULL) == 0);
    CHECK(handled > 0);
    scratch_leave();
    return check_ok();
}
