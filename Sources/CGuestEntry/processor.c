// CPUID, for the handshake of primary and mirror.
//
// Rules
// - Runs in the supervisor only, on its own stack, at start.
#include "include/guest_processor.h"

#include <cpuid.h>

static void read_leaf(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]) {
    for (int index = 0; index < 4; index++) registers[index] = 0;
    __get_cpuid_count(leaf, subleaf, &registers[0], &registers[1], &registers[2], &registers[3]);
}

void guest_processor_features(uint32_t words[GUEST_PROCESSOR_FEATURE_WORDS]) {
    uint32_t basic[4], structured[4], further[4], state[4], extended[4];
    read_leaf(1, 0, basic);
    read_leaf(7, 0, structured);
    read_leaf(7, 1, further);
    read_leaf(0xd, 1, state);
    read_leaf(0x80000001u, 0, extended);
    // Bit 31 of leaf 1's ecx says that a hypervisor is there, which is no feature.
    words[0] = basic[2] & 0x7fffffffu;
    words[1] = basic[3];
    words[2] = structured[1];
    words[3] = structured[2];
    words[4] = structured[3];
    words[5] = further[0];
    words[6] = state[0];
    words[7] = extended[2];
    words[8] = extended[3];
}

bool guest_processor_has_steady_counter(void) {
    uint32_t power[4];
    read_leaf(0x80000007u, 0, power);
    return power[3] >> 8 & 1;
}
