// The main stack's growth itself: a step of megabytes below anything touched so far, by the program and by the kernel
// on its behalf, up to the limit that holds at that moment.
#include "check.h"
#include <sys/resource.h>

static uintptr_t
    low; // an address on the stack; a number, because the compiler knows better than to let us keep a pointer

int main(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    // The stack may use part of the limit already, for arguments and environment: stay well inside.
    CHECK(limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= 8 << 20);
    low = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)4095;

    // A single store 2 MiB down. In between nothing has been touched; it reads as zero.
    volatile char *far = (volatile char *)(low - (2 << 20));
    *far = 1;
    for (volatile char *at = (volatile char *)(low - (1 << 20)); at > far + 4096; at -= 4096) CHECK_EQUAL(*at, 0);
    // The kernel writes there: it grows the stack like a store of ours would.
    int ends[2];
    CHECK(pipe(ends) == 0 && write(ends[1], "kernel", 6) == 6);
    CHECK_EQUAL(read(ends[0], (void *)(low - (3 << 20)), 6), 6);
    CHECK(memcmp((void *)(low - (3 << 20)), "kernel", 6) == 0);
    CHECK_EQUAL(write(ends[1], (void *)(low - (4 << 20)), 5), 5); // and reads there: zeroes
    char back[5] = "12345";
    CHECK(read(ends[0], back, 5) == 5 && memcmp(back, "\0\0\0\0", 5) == 0);
    // Further down; what was there stays.
    *(volatile char *)(low - (5 << 20)) = 'd';
    CHECK(*(volatile char *)(low - (5 << 20)) == 'd' && *far == 1);
    printf("grown by 5 MiB\n");
    return check_ok();
}
