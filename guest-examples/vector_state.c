// Every vector register of the widest kind this CPU has (SSE, AVX, AVX-512 with its masks) keeps its value across raw
// syscalls, across blocking ones, and across signals whose handler overwrites them all. The output does not tell the
// kinds apart.
#include "check.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

static volatile int ticks;
static const struct timespec moment = { 0, 100000 };
enum { SIZE = 32 * 64 + 8 * 2 }; // 32 zmm, 8 mask registers

// Loads the registers, then waits for a tick (number < 0), makes a syscall, or goes on at once (number 0); stores them.
#define HOLD(LOAD, STORE, ...)                                                                                         \
    __asm__ volatile(LOAD "test %%rax, %%rax; jz 3f; jns 2f\n"                                                         \
                          "1: pause; cmpl %[seen], %[ticks]; je 1b; jmp 3f\n"                                          \
                          "2: syscall\n"                                                                               \
                          "3:\n" STORE                                                                                 \
                     : "+a"(number)                                                                                    \
                     : "D"(&moment), "S"(0L), [in] "r"(in), [out] "r"(out), [seen] "r"(seen), [ticks] "m"(ticks)       \
                     : "rcx", "r11", "memory", "cc", __VA_ARGS__)
#define LOW16                                                                                                          \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",         \
        "xmm13", "xmm14", "xmm15"
#define HIGH16                                                                                                         \
    "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27",        \
        "xmm28", "xmm29", "xmm30", "xmm31"
#define EACH8(TEXT) ".irp r,0,1,2,3,4,5,6,7\n" TEXT "\n.endr\n"
#define EACH16(TEXT) ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n" TEXT "\n.endr\n"
#define EACH32(TEXT) EACH16(TEXT) ".irp r,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n" TEXT "\n.endr\n"

static long hold_sse(long number, const char *in, char *out, int seen) {
    HOLD(EACH16("movdqu 16*\\r(%[in]), %%xmm\\r"), EACH16("movdqu %%xmm\\r, 16*\\r(%[out])"), LOW16);
    return number;
}

__attribute__((target("avx"))) static long hold_avx(long number, const char *in, char *out, int seen) {
    HOLD(EACH16("vmovdqu 32*\\r(%[in]), %%ymm\\r"), EACH16("vmovdqu %%ymm\\r, 32*\\r(%[out])") "vzeroupper\n", LOW16);
    return number;
}

__attribute__((target("avx512f"))) static long hold_avx512(long number, const char *in, char *out, int seen) {
    HOLD(EACH32("vmovdqu64 64*\\r(%[in]), %%zmm\\r") EACH8("kmovw 2048+2*\\r(%[in]), %%k\\r"),
         EACH32("vmovdqu64 %%zmm\\r, 64*\\r(%[out])") EACH8("kmovw %%k\\r, 2048+2*\\r(%[out])") "vzeroupper\n", LOW16,
         HIGH16, "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7");
    return number;
}

static const struct {
    long (*hold)(long, const char *, char *, int);
    int size;
} kinds[] = {
    { hold_sse, 16 * 16 },
    { hold_avx, 16 * 32 },
    { hold_avx512, SIZE },
};
static int widest;

static void overwrite(int signal) {
    (void)signal;
    char noise[SIZE], out[SIZE];
    memset(noise, 0x5a + ticks, sizeof noise);
    kinds[widest].hold(0, noise, out, 0);
    ticks = ticks + 1;
}

static void check_kind(int kind, long number, uint64_t seed) {
    char in[SIZE], out[SIZE] = { 0 };
    for (int i = 0; i < SIZE; i++) in[i] = (char)random_next(&seed);
    long result = kinds[kind].hold(number, in, out, ticks);
    CHECK(memcmp(in, out, (size_t)kinds[kind].size) == 0);
    if (number == SYS_getpid) CHECK_EQUAL(result, getpid());
    if (number == SYS_nanosleep) CHECK(result == 0 || result == -EINTR);
}

int main(void) {
    // The xmm and ymm parts are checked everywhere; what lies above only where the CPU and the kernel have it.
    widest = __builtin_cpu_supports("avx512f") ? 2 : __builtin_cpu_supports("avx") ? 1 : 0;
    for (int kind = 0; kind <= widest; kind++) {
        for (int i = 0; i < 500; i++) check_kind(kind, SYS_getpid, (uint64_t)i);
        for (int i = 0; i < 20; i++) check_kind(kind, SYS_nanosleep, (uint64_t)i);
    }
    printf("vector registers survive syscalls\n");

    struct sigaction action = { .sa_handler = overwrite };
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    struct itimerval every = { { 0, 1000 }, { 0, 1000 } }, off = { 0 };
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
    for (int kind = 0; kind <= widest; kind++) {
        for (int i = 0; i < 15; i++) check_kind(kind, -1, (uint64_t)i);
        for (int i = 0; i < 40; i++) check_kind(kind, SYS_nanosleep, (uint64_t)i);
        for (int stop = ticks + 5; ticks < stop;) check_kind(kind, SYS_getpid, (uint64_t)ticks);
    }
    CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
    printf("vector registers survive signals\n");
    return check_ok();
}
