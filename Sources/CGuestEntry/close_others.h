// For a new process, before it does anything else: raw calls only.
#ifndef CLOSE_OTHERS_H
#define CLOSE_OTHERS_H

#include <stdbool.h>
#include <stdint.h>

#include "include/host_call.h"

/// Closes all descriptors but these, which are in ascending order. False where the host refused a part of it.
static inline bool close_others(const int32_t *kept, uint64_t kept_count) {
    uint64_t first = 0;
    bool is_done = true;
    for (uint64_t index = 0; index < kept_count; index++) {
        uint64_t next = (uint64_t)kept[index];
        if (next > first && host_call(__NR_close_range, first, next - 1, 0, 0, 0, 0) != 0) is_done = false;
        first = next + 1;
    }
    return host_call(__NR_close_range, first, ~0u, 0, 0, 0, 0) == 0 && is_done;
}

#endif
