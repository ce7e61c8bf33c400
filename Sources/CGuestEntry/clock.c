// What the guest's vDSO is made of, and where the host's is.
//
// Rules
// - guest_clock_is_reading is called by signal handlers; the rest runs in the supervisor, before the guest does.
#include "include/guest_clock.h"

#include <stddef.h>

extern const char guest_read_clock_begin[], guest_read_clock_end[], guest_read_clock[];
extern const uint8_t guest_vdso_begin[], guest_vdso_end[];
extern const uint8_t guest_vdso_clock_gettime[], guest_vdso_clock_gettime_slow[];
extern const uint8_t guest_vdso_gettimeofday[], guest_vdso_gettimeofday_slow[];
extern const uint8_t guest_vdso_time[], guest_vdso_time_slow[];
extern const uint8_t guest_vdso_getcpu[], guest_vdso_getcpu_slow[];

// Set once, before the first guest thread runs.
static uint64_t host_begin, host_end, host_clock_gettime;

const uint8_t *guest_vdso_code(uint32_t *byte_count) {
    *byte_count = (uint32_t)(guest_vdso_end - guest_vdso_begin);
    return guest_vdso_begin;
}

static struct guest_vdso_function function(
    const char *name, const uint8_t *start, const uint8_t *slow, const uint8_t *end) {
    return (struct guest_vdso_function){
        .name = name,
        .offset = (uint32_t)(start - guest_vdso_begin),
        .slow_offset = (uint32_t)(slow - guest_vdso_begin),
        .byte_count = (uint32_t)(end - start),
    };
}

struct guest_vdso_function guest_vdso_function(uint32_t index) {
    switch (index) {
    case 0:
        return function(
            "__vdso_clock_gettime", guest_vdso_clock_gettime, guest_vdso_clock_gettime_slow, guest_vdso_gettimeofday);
    case 1:
        return function(
            "__vdso_gettimeofday", guest_vdso_gettimeofday, guest_vdso_gettimeofday_slow, guest_vdso_time);
    case 2:
        return function("__vdso_time", guest_vdso_time, guest_vdso_time_slow, guest_vdso_getcpu);
    default:
        return function("__vdso_getcpu", guest_vdso_getcpu, guest_vdso_getcpu_slow, guest_vdso_end);
    }
}

void guest_clock_set_host(uint64_t begin, uint64_t end, uint64_t clock_gettime) {
    host_begin = begin;
    host_end = end;
    host_clock_gettime = clock_gettime;
}

bool guest_clock_has_host(void) {
    return host_clock_gettime != 0;
}

void guest_context_set_clock(struct guest_context *context, uint32_t clock, int64_t offset_nanoseconds) {
    const int64_t second = 1000000000;
    int64_t seconds = offset_nanoseconds / second, nanoseconds = offset_nanoseconds % second;
    if (nanoseconds < 0) {
        nanoseconds += second;
        seconds -= 1;
    }
    context->clock_entry = (uint64_t)guest_read_clock;
    context->clock_host = host_clock_gettime;
    context->clock_offset_seconds[clock] = seconds;
    context->clock_offset_nanoseconds[clock] = (uint64_t)nanoseconds;
    if (host_clock_gettime != 0) context->clocks |= 1u << clock;
}

bool guest_clock_is_reading(uint64_t counter) {
    return (counter >= (uint64_t)guest_read_clock_begin && counter < (uint64_t)guest_read_clock_end) ||
           (counter >= host_begin && counter < host_end);
}
