// What the CPU offers to user code, for the handshake: a guest may go on only where everything it may have found out
// about by CPUID is there as well.
#ifndef GUEST_PROCESSOR_H
#define GUEST_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_PROCESSOR_FEATURE_WORDS 9

/// Writes the feature words of CPUID leaves 1 (ecx, edx), 7.0 (ebx, ecx, edx), 7.1 (eax), 0xd.1 (eax) and
/// 0x80000001 (ecx, edx); 0 for a leaf that the CPU does not have.
void guest_processor_features(uint32_t words[GUEST_PROCESSOR_FEATURE_WORDS]);

/// Whether the time stamp counter runs evenly whatever the CPU does ("invariant TSC").
bool guest_processor_has_steady_counter(void);

#endif
