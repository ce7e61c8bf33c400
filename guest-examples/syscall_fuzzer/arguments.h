// From an argument's kind, a letter of calls.h, to a value.
#ifndef FUZZER_ARGUMENTS_H
#define FUZZER_ARGUMENTS_H

#include "structures.h"

static char *heap_end; // of the start; a tame run keeps what is below

static uint64_t any_break(struct chance *chance) {
    if (one_in(chance, 3)) return 0;
    if (is_wild && one_in(chance, 4)) return any_word(chance);
    return (uint64_t)heap_end + below(chance, 64 * PAGE);
}

static uint64_t any_device_command(struct chance *chance) {
    const uint64_t commands[] = {
        0x5401, 0x5402, 0x5403, 0x540f, 0x5410, 0x5411, 0x5413, 0x5414, 0x541b, 0x5421, 0x5441, 0x5450, 0x5451,
        0x80045430, 0x40045431, 0x8910, 0x8912, 0x8913, 0x8915, 0x891b, 0x8927, 0x80086601, 0x40086602, 0x40049409,
        0x4020940d, 0xc020660b, 0x801c581f, 0x401c5820, 0x541d, 0x5452, 0x5460,
    };
    return one_in(chance, 8) ? any_word(chance) : ANY_OF(chance, commands);
}

static uint64_t any_control_command(struct chance *chance) {
    if (one_in(chance, 12)) return any_word(chance);
    return one_in(chance, 3) ? 1024 + below(chance, 16) : below(chance, 40);
}

static uint64_t any_process_control(struct chance *chance) {
    const uint64_t odd[] = { 0x53564d41, 0x59616d61, 0x41555856, -1 };
    return one_in(chance, 4) ? ANY_OF(chance, odd) : below(chance, 80);
}

static uint64_t any_open_flags(struct chance *chance) {
    const uint64_t bits[] = { 0100, 0200, 01000, 02000, 04000, 0200000, 0400000, 02000000, 010000000, 020200000 };
    uint64_t flags = below(chance, 4) | (one_in(chance, 3) ? O_NONBLOCK : 0);
    while (one_in(chance, 2)) flags |= ANY_OF(chance, bits);
    return one_in(chance, 20) ? any_word(chance) : flags;
}

static uint64_t any_count(struct chance *chance) {
    const uint64_t edges[] = { 0, 31, 32, 1024, 1025, 1 << 20, 0x7fffffff, 1ull << 32, -1 };
    return one_in(chance, 8) ? ANY_OF(chance, edges) : below(chance, 9);
}

static uint64_t any_small(struct chance *chance) {
    return one_in(chance, 16) ? any_length(chance) : below(chance, one_in(chance, 4) ? 80 : 12);
}

// What points to a structure; one in twelve points elsewhere.
static uint64_t structure(char kind, uint64_t *desk, struct chance *chance) {
    if (one_in(chance, 12)) return any_pointer(chance);
    switch (kind) {
    case 'T': return time_on(desk, chance);
    case 'O': return timer_on(desk, chance);
    case 'q': return set_on(desk, chance);
    case 'A': return action_on(desk, chance);
    case 'v': return vectors_on(desk, chance);
    case 'S': return address_on(desk, chance);
    case 'm': return messages_on(desk, chance);
    case 'g': return polled_on(desk, chance);
    case 'E': return event_on(desk, chance);
    case 'j': return stack_on(desk, chance);
    case 'R': return limit_on(desk, chance);
    default: return clone_arguments_on(desk, chance); // J
    }
}

static uint64_t argument(char kind, uint64_t *desk, struct chance *chance) {
    switch (kind) {
    case '0': case '1': return one_in(chance, 16) ? 4 + below(chance, 100) : (uint64_t)(kind - '0');
    case '8': return one_in(chance, 16) ? any_length(chance) : 8;
    case 'a': return any_map_address(chance);
    case 'b': return any_pointer(chance);
    case 'B': return any_break(chance);
    case 'c': return any_count(chance);
    case 'C': return any_control_command(chance);
    case 'd': case 'D': return any_descriptor(chance);
    case 'f': return any_flags(chance);
    case 'F': return any_open_flags(chance);
    case 'G': return one_in(chance, 8) ? any_word(chance) : 0x1000 + below(chance, 6);
    case 'H': return any_process_control(chance);
    case 'i': return any_small(chance);
    case 'I': return any_device_command(chance);
    case 'k': return one_in(chance, 4) ? any_word(chance) : below(chance, 12);
    case 'K': return below(chance, 64) * PAGE + (one_in(chance, 8) ? any_length(chance) & ~0xffffffull : 0);
    case 'l': return any_length(chance);
    case 'L': return any_map_length(chance);
    case 'M': return (one_in(chance, 4) ? any_flags(chance) : 0x22) | (one_in(chance, 2) ? MAP_FIXED : 0)
                     | (1 + below(chance, 3));
    case 'n': case 'p': return any_name(chance);
    case 'N': return one_in(chance, 4) ? -1ull : one_in(chance, 8) ? any_length(chance) : below(chance, 10);
    case 'o': return any_offset(chance);
    case 'P': return one_in(chance, 3) ? any_descriptor(chance) : (uint64_t)AT_FDCWD;
    case 'r': return one_in(chance, 16) ? any_word(chance) : below(chance, 8);
    case 's': return any_signal(chance);
    case 't': return any_task(chance);
    case 'u': return one_in(chance, 2) ? any_small(chance) : any_word(chance);
    case 'U': return one_in(chance, 2) ? any_pointer(chance) : any_length(chance);
    case 'V': return one_in(chance, 12) ? any_word(chance) : below(chance, 26);
    case 'w': return one_in(chance, 16) ? any_flags(chance) : below(chance, 8);
    case 'W': return one_in(chance, 8) && is_wild ? any_pointer(chance) : (uint64_t)child_stack + 8 * PAGE;
    case 'x': return one_in(chance, 12) ? any_pointer(chance) : (uint64_t)buffers + below(chance, 16) * 4;
    case 'X': return one_in(chance, 16) ? any_word(chance) : below(chance, 14) | below(chance, 4) << 7;
    case 'y': {
        const uint64_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, 0, 17, 40 };
        return ANY_OF(chance, families);
    }
    case 'Y': return clone_flags(chance);
    case 'z': return (one_in(chance, 8) ? below(chance, 12) : 1 + below(chance, 2)) | (below(chance, 4) << 11);
    case 'Z': return one_in(chance, 8) ? any_length(chance) | 1ull << 63 : below(chance, 1 << 20);
    default: return structure(kind, desk, chance);
    }
}

#endif
