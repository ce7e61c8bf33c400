// The one gate to the kernel: raw syscalls that return a negative errno.
//
// No errno in thread-local storage to capture, no cancellation points, and every call of the
// supervisor's goes past one place.
#ifndef HOST_CALL_H
#define HOST_CALL_H

#include <asm/unistd_64.h>
#include <sys/auxv.h>
#include <stdint.h>

static inline long host_call(
    long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
    long result;
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#endif
