// The program break: grows zeroed, shrinks, grows zeroed again; what it refuses leaves it where it was.
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };
static sigjmp_buf escape;
static void on_fault(int signal) {
    (void)signal;
    siglongjmp(escape, 1);
}

// The system call returns the break as it is afterwards, moved or not.
static char *move_to(char *address) { return (char *)syscall(SYS_brk, address); }

static int faults(volatile char *address) {
    if (sigsetjmp(escape, 1)) return 1;
    (void)*address;
    return 0;
}

int main(void) {
    struct sigaction action = { .sa_handler = on_fault };
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    printf("starting\n"); // lets libc take its own share first
    char *start = move_to(NULL);
    CHECK(start == move_to(NULL) && start == sbrk(0));

    char *base = (char *)(((uintptr_t)start + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
    for (int round = 0; round < 20; round++) {
        size_t size = (size_t)(100 + 37 * round) * PAGE + 123; // any byte, not only page boundaries
        CHECK(move_to(base + size) == base + size);
        for (size_t i = 0; i < size; i += 512) CHECK_EQUAL(base[i], 0);
        memset(base, round + 1, size);
        CHECK(faults(base + size + PAGE)); // the page of the break itself is there, the next is not
        // Shrunk by half: the lower half is intact, the upper one gone.
        size_t half = size / 2;
        CHECK(move_to(base + half) == base + half);
        for (size_t i = 0; i < half; i += 512) CHECK_EQUAL(base[i], round + 1);
        CHECK(faults(base + half + PAGE));
        // Grown again: whole pages are zero.
        CHECK(move_to(base + size) == base + size);
        char *whole = (char *)(((uintptr_t)base + half + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
        for (char *at = whole; at < base + size; at += 512) CHECK_EQUAL(*at, 0);
        CHECK(move_to(base) == base);
    }
    printf("growth ok\n");

    // Refused: before its beginning, into another mapping, beyond the data limit.
    char *now = move_to(NULL);
    CHECK(move_to((char *)0x1000) == now && move_to(now + (1L << 46)) == now);
    char *obstacle = mmap(now + 16 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(obstacle == now + 16 * PAGE);
    CHECK(move_to(now + 20 * PAGE) == now);
    CHECK(move_to(now + 8 * PAGE) == now + 8 * PAGE && move_to(now) == now);
    CHECK(munmap(obstacle, PAGE) == 0);
    CHECK(move_to(now + 20 * PAGE) == now + 20 * PAGE);
    struct rlimit old, limit = { 0, 0 };
    CHECK(getrlimit(RLIMIT_DATA, &old) == 0);
    limit.rlim_max = old.rlim_max;
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    CHECK(move_to(now + 40 * PAGE) == now + 20 * PAGE);
    CHECK(setrlimit(RLIMIT_DATA, &old) == 0);
    CHECK(move_to(start) == start);
    CHECK_FAILS((intptr_t)sbrk(1L << 46), ENOMEM);

    // libc's allocator goes on from there.
    char *block = malloc(100000);
    CHECK(block != NULL);
    memset(block, 1, 100000);
    free(block);
    return check_ok();
}
