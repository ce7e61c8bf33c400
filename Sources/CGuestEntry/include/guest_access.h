// Copying between the supervisor and the guest, with a fault fixup instead of a check beforehand
// (which would race with another thread's munmap). The caller has checked that the guest's range
// lies below the arena's end.
#ifndef GUEST_ACCESS_H
#define GUEST_ACCESS_H

#include <stddef.h>
#include <stdint.h>

/// Returns how many bytes could not be copied: 0 when all went well.
size_t guest_copy(void *destination, const void *source, size_t count);
/// Returns how many bytes could not be written.
size_t guest_fill(void *destination, uint8_t value, size_t count);
/// These return 0, or 1 when the address faulted.
size_t guest_load32(const uint32_t *address, uint32_t *value);
size_t guest_store32(uint32_t *address, uint32_t value);
/// Atomic compare and exchange; *expected becomes what was found.
size_t guest_compare_exchange32(uint32_t *address, uint32_t *expected, uint32_t desired);

#endif
