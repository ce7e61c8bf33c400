// Values for arguments: those that hit something, those at the edges, and those that are nothing at all.
#ifndef FUZZER_POOLS_H
#define FUZZER_POOLS_H

#include "surroundings.h"

CHECK_INLINE uint64_t any_host_place(struct chance *chance) {
    if (host_place_count && one_in(chance, 2)) return host_places[below(chance, host_place_count)];
    const uint64_t places[] = { arena_end, arena_end + PAGE, 0x555555554000, 0x7ffff7ff0000, 0x7ffffffde000,
                                arena_end - PAGE, arena_end - 0x10000, arena_end - 1 };
    return ANY_OF(chance, places);
}

CHECK_INLINE uint64_t any_bad_address(struct chance *chance) {
    const uint64_t bad[] = { 0, 8, PAGE, (uint64_t)closed, (uint64_t)buffers + BUFFER_PAGES * PAGE, 0x7ffffffff000,
                             0x800000000000, 1ull << 63, 0xffff888000000000, 0xffffffff81000000, -PAGE, -64, -1 };
    return one_in(chance, 3) ? any_host_place(chance) : ANY_OF(chance, bad);
}

// Somewhere for a call to read from or to write to.
CHECK_INLINE uint64_t any_pointer(struct chance *chance) {
    switch (below(chance, 16)) {
    case 0: return any_bad_address(chance);
    case 1: return (uint64_t)buffers + BUFFER_PAGES * PAGE - below(chance, 300); // over the edge
    case 2: return (uint64_t)read_only + below(chance, PAGE);
    case 3: return (uint64_t)playground + below(chance, PLAYGROUND_PAGES * PAGE);
    case 4: return (uint64_t)buffers + below(chance, BUFFER_PAGES * PAGE);
    case 5: return one_in(chance, 2) ? 0 : one_in(chance, 4) && is_wild ? any_word(chance) : any_bad_address(chance);
    default: return (uint64_t)buffers + (below(chance, BUFFER_PAGES * PAGE) & ~63ull);
    }
}

// What may be taken for a descriptor is none of those that a tame run lives by.
CHECK_INLINE uint64_t spared(uint64_t word) {
    return !is_wild && (uint32_t)word < FIRST_DESCRIPTOR ? word + FIRST_DESCRIPTOR : word;
}

CHECK_INLINE uint64_t any_length(struct chance *chance) {
    const uint64_t edges[] = { 0, 1, 7, 8, 128, PAGE - 1, PAGE, PAGE + 1, 65536, 1 << 20, 0x7fffffff, 1ull << 31,
                               (1ull << 31) + 1, 1ull << 32, 1ull << 47, (1ull << 63) - 1, 1ull << 63, -PAGE, -1 };
    if (one_in(chance, 2)) return below(chance, 256);
    return one_in(chance, 3) ? below(chance, 3 * PAGE) : ANY_OF(chance, edges);
}

CHECK_INLINE uint64_t any_offset(struct chance *chance) {
    if (one_in(chance, 2)) return below(chance, 4) * PAGE;
    return one_in(chance, 3) ? any_host_place(chance) : any_length(chance);
}

// Numbers up to those that the supervisor has for itself; a tame run leaves the standard ones alone.
CHECK_INLINE uint64_t any_descriptor(struct chance *chance) {
    const uint64_t odd[] = { -1, -100, 1000, 1023, 1024, 1048576, 0x7fffffff, 0x80000000, 5ull << 32 | 4, 65535 };
    const uint64_t first = is_wild ? 0 : FIRST_DESCRIPTOR;
    if (one_in(chance, 16)) return ANY_OF(chance, odd);
    return first + below(chance, one_in(chance, 4) ? 300 : 40);
}

// The guest's tasks, the supervisor's, and who is not to be found. 1 and -1 are for kill alone (see spare.h).
CHECK_INLINE uint64_t any_task(struct chance *chance) {
    const uint64_t odd[] = { 0, 1, -1, -2, 0x7fffffff, 0x80000000, 99999999, 0x400001, 0x400002, 1ull << 32 };
    switch (below(chance, 4)) {
    case 0: return host_task_count ? (uint64_t)host_tasks[below(chance, host_task_count)] : (uint64_t)own_pid;
    case 1: return one_in(chance, 4) ? -(uint64_t)own_pid : ANY_OF(chance, odd);
    case 2: return (uint64_t)own_threads[below(chance, TASKS_MAX)];
    default: return (uint64_t)own_pid;
    }
}

CHECK_INLINE int is_deadly(uint64_t signal) {
    return signal == SIGKILL || (signal >= SIGSTOP && signal <= SIGTTOU);
}

CHECK_INLINE uint64_t any_signal(struct chance *chance) {
    uint64_t signal = one_in(chance, 12) ? any_word(chance) : below(chance, 67);
    return one_in(chance, 8) ? 63 + below(chance, 2) : signal;
}

CHECK_INLINE uint64_t any_name(struct chance *chance) {
    switch (below(chance, 16)) {
    case 0: return any_pointer(chance);
    case 1: return (uint64_t)texts->host_memory_path;
    case 2: return (uint64_t)texts->host_task_path;
    case 3: return (uint64_t)texts->long_name + below(chance, sizeof texts->long_name);
    default: return (uint64_t)names[below(chance, one_in(chance, 2) ? 10 : sizeof names / sizeof *names)];
    }
}

// Where something may be mapped: in a tame run the playground, or where it must fail.
CHECK_INLINE uint64_t any_map_address(struct chance *chance) {
    uint64_t place = (uint64_t)playground + below(chance, PLAYGROUND_PAGES) * PAGE;
    switch (below(chance, 12)) {
    case 0: return any_bad_address(chance) & -(uint64_t)PAGE;
    case 1: return any_host_place(chance);
    case 2: return 0;
    case 3: return place + below(chance, PAGE); // misaligned
    case 4: return is_wild ? any_word(chance) >> 17 & -(uint64_t)PAGE : place;
    case 5: return is_wild ? (uint64_t)any_map_address - (below(chance, 64) * PAGE) : place;
    default: return place;
    }
}

CHECK_INLINE uint64_t any_map_length(struct chance *chance) {
    return one_in(chance, 6) ? any_length(chance) : (1 + below(chance, one_in(chance, 4) ? 600 : 8)) * PAGE;
}

#endif
