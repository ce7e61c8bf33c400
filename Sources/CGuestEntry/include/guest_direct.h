// Calls that a thread makes on its way out of a rewritten call site, without leaving the guest: such as the kernel does
// at once and that need nothing of the supervisor's but a host descriptor.
#ifndef GUEST_DIRECT_H
#define GUEST_DIRECT_H

#include <stdint.h>

#include "guest_context.h"

/// Descriptors beyond these always leave.
#define GUEST_DIRECT_DESCRIPTORS 1024

/// What may be done to a descriptor's file this way: seeking is also reading and writing at a position. A socket is
/// read and written by recvfrom and sendto.
#define GUEST_DIRECT_READ 1u
#define GUEST_DIRECT_WRITE 2u
#define GUEST_DIRECT_SEEK 4u
#define GUEST_DIRECT_SOCKET 8u

/// Where the guest's memory ends; before the first guest thread runs.
void guest_direct_set_memory_end(uint64_t end);

/// A guest descriptor's host descriptor, and what may be done to it; 0 for nothing, and nothing it becomes while calls
/// are made on what the descriptor was before. Whoever takes that away calls guest_direct_settle before the host
/// descriptor is closed.
void guest_direct_set(uint32_t descriptor, int32_t host, uint32_t access);

/// Waits until no thread is in a call on a descriptor. Those calls wait for nobody.
void guest_direct_settle(uint32_t descriptor);

#endif
