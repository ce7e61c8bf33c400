// Clocks that the guest reads without leaving: its own vDSO's code, and what that needs of the host's.
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "guest_context.h"

/// A function of the guest's vDSO: bytes from the code's begin to where it starts, and to where it makes its syscall.
struct guest_vdso_function {
    const char *name;
    uint32_t offset;
    uint32_t slow_offset;
    uint32_t byte_count;
};
#define GUEST_VDSO_FUNCTIONS 4

/// The code, to be copied into guest memory. It works wherever it lies.
const uint8_t *guest_vdso_code(uint32_t *byte_count);
struct guest_vdso_function guest_vdso_function(uint32_t index);

/// Names the host's vDSO: where it lies and its clock_gettime. Before the first guest thread runs.
void guest_clock_set_host(uint64_t begin, uint64_t end, uint64_t clock_gettime);

/// Whether there is one.
bool guest_clock_has_host(void);

/// Lets a thread's guest read these clocks (bit n for clock n, 0 to 7), by this much ahead of the host's.
void guest_context_set_clock(struct guest_context *context, uint32_t clock, int64_t offset_nanoseconds);

/// Whether a program counter lies where a thread reads a clock for its guest.
bool guest_clock_is_reading(uint64_t counter);

#endif
