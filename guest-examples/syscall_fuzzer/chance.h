// Chance that can be repeated: each thread has a generator of its own, made from the run's seed.
#ifndef FUZZER_CHANCE_H
#define FUZZER_CHANCE_H

#include "../check.h"

struct chance {
    uint64_t state;
};

// SplitMix64.
CHECK_INLINE uint64_t any_word(struct chance *chance) {
    uint64_t mixed = chance->state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

CHECK_INLINE uint64_t below(struct chance *chance, uint64_t bound) {
    return any_word(chance) % bound;
}

CHECK_INLINE int one_in(struct chance *chance, uint64_t count) {
    return below(chance, count) == 0;
}

// One of an array's elements.
#define ANY_OF(chance, array) ((array)[below((chance), sizeof(array) / sizeof *(array))])

// A word with few bits set: flags that exist, mostly, and often one that does not.
CHECK_INLINE uint64_t any_flags(struct chance *chance) {
    if (one_in(chance, 3)) return 0;
    if (one_in(chance, 8)) return any_word(chance);
    uint64_t flags = 0;
    for (uint64_t count = 1 + below(chance, 4); count; count--)
        flags |= 1ull << below(chance, one_in(chance, 4) ? 64 : 20);
    return flags;
}

#endif
