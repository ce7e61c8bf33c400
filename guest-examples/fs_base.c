// The FS base is the guest's thread pointer, the GS base is free for it. Both belong to the thread, both may hold
// anything while a syscall is made or the thread is stopped, and neither may be the supervisor's.
#include "check.h"
#include <asm/prctl.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

enum { THREADS = 12, ROUNDS = 300 };
static __thread unsigned local[256];
static __thread unsigned preset = 0xfeed;

static long raw(long number, long a, long b) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
    return result;
}

static uintptr_t fs_self(void) {
    uintptr_t self;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(self));
    return self;
}

// Between the two arch_prctl calls no libc code may run: errno, the stack protector and pthread_self all go through FS.
static void foreign_fs(uintptr_t own, uint64_t *block) {
    uintptr_t seen[3], asked = 0;
    CHECK_EQUAL(raw(SYS_arch_prctl, ARCH_SET_FS, (long)block), 0);
    seen[0] = fs_self();
    raw(SYS_getpid, 0, 0);
    raw(SYS_sched_yield, 0, 0);
    seen[1] = fs_self();
    raw(SYS_arch_prctl, ARCH_GET_FS, (long)&asked);
    // Long enough that a checkpoint stops some thread right here.
    for (int i = 0; i < 2000; i++) __asm__ volatile("pause");
    seen[2] = fs_self();
    raw(SYS_arch_prctl, ARCH_SET_FS, (long)own);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(seen[i], block[0]);
    CHECK_EQUAL(asked, (uintptr_t)block);
}

static void *body(void *argument) {
    unsigned self = (unsigned)(uintptr_t)argument;
    uint64_t block[4] = { 0xabc000 + self, self };
    CHECK_EQUAL(preset, 0xfeed);
    for (int i = 0; i < 256; i++) CHECK_EQUAL(local[i], 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uintptr_t base = 0;
        CHECK_EQUAL(syscall(SYS_arch_prctl, ARCH_GET_FS, &base), 0);
        CHECK_EQUAL(base, (uintptr_t)pthread_self());
        CHECK_EQUAL(fs_self(), base);
        for (int i = 0; i < 256; i++) CHECK_EQUAL(local[i], round * self);
        for (int i = 0; i < 256; i++) local[i] += self;

        CHECK_EQUAL(syscall(SYS_arch_prctl, ARCH_SET_GS, block), 0);
        sched_yield();
        uint64_t through_gs;
        __asm__ volatile("mov %%gs:8, %0" : "=r"(through_gs));
        CHECK_EQUAL(through_gs, self);
        CHECK_EQUAL(syscall(SYS_arch_prctl, ARCH_GET_GS, &base), 0);
        CHECK_EQUAL(base, (uintptr_t)block);
        if (round % 8 == 0) foreign_fs((uintptr_t)pthread_self(), block);

        // Where the kernel lets user code do it, the base changes without the supervisor hearing of it.
        if (getauxval(AT_HWCAP2) & 2) {
            __asm__ volatile("wrgsbase %0" : : "r"(block + 1));
            raw(SYS_sched_yield, 0, 0);
            __asm__ volatile("rdgsbase %0" : "=r"(base));
            CHECK_EQUAL(base, (uintptr_t)(block + 1));
            __asm__ volatile("rdfsbase %0" : "=r"(base));
            CHECK_EQUAL(base, (uintptr_t)pthread_self());
        }
    }
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) threads[i] = thread_start(body, (void *)(i + 1));
    body((void *)99);
    for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
    // A non-canonical base is refused, not loaded.
    CHECK_FAILS(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x800000000000), EPERM);
    CHECK_FAILS(syscall(SYS_arch_prctl, 0x7777, 0), EINVAL);
    printf("%d threads kept their bases\n", THREADS + 1);
    return check_ok();
}
