// Numbers without a system call give ENOSYS: far out, negative, in the gaps of the table, and those that were withdrawn
// long ago.
#include "check.h"
#include <signal.h>
#include <sys/syscall.h>

static long raw(uint64_t number) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(1L), "S"(2L), "d"(3L) : "rcx", "r11", "memory");
    return result;
}

int main(void) {
    static const long numbers[] = {
        9999, -1,    511, 600, 1 << 20, INT32_MAX, INT32_MIN, -2,
        -38,  -4095, 400, 423, // never given out on x86-64: between the old and the common numbering
        174,  177,   178, 180, 181,     182,       183,       184, // create_module … tuxcall: withdrawn or never there
        185,  214,   215, 236,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        CHECK_FAILS(syscall(numbers[i], 1, 2, 3, 4, 5, 6), ENOSYS);
        CHECK_EQUAL(raw((uint64_t)numbers[i]), -ENOSYS);
    }
    // The kernel looks at the low 32 bits of rax only (older ones did not).
    CHECK_EQUAL(raw(0x100000000ULL + 9999), -ENOSYS);
    long result = raw(0x100000000ULL + SYS_getpid);
    CHECK(result == getpid() || result == -ENOSYS);
    // The x32 numbering: usually not switched on.
    result = raw(0x40000000ULL + SYS_getpid);
    CHECK(result == getpid() || result == -ENOSYS);
    // Every 64-bit call beyond the last one there is, for years to come.
    for (long number = 900; number < 2000; number++) CHECK_EQUAL(raw((uint64_t)number), -ENOSYS);
    return check_ok();
}
