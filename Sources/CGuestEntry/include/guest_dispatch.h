// The three ways by which a guest's syscall is caught. Each traps every syscall instruction whose
// address lies below the arena's end, and none above it.
#ifndef GUEST_DISPATCH_H
#define GUEST_DISPATCH_H

#include <stdint.h>

/// Syscall User Dispatch that traps one range of program counters (Linux 6.17).
#define GUEST_DISPATCH_INCLUSIVE 1
/// Syscall User Dispatch that exempts one range (Linux 5.11).
#define GUEST_DISPATCH_SELECTOR 2
/// A seccomp filter on the program counter (Linux 3.17).
#define GUEST_DISPATCH_SECCOMP 3

/// Turns dispatch on for the calling thread. `arena_end` is a multiple of 4 GiB. Returns 0 or a negative errno.
long guest_dispatch_enable(int method, uint64_t arena_end);

/// Turns Syscall User Dispatch off for the calling thread. A seccomp filter stays.
void guest_dispatch_disable(int method);

#endif
