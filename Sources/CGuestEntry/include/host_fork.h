// A second supervisor process, for a guest's child.
#ifndef HOST_FORK_H
#define HOST_FORK_H

#include <stdint.h>

/// What becomes of a forked process.
struct host_fork_plan {
    /// The descriptors that it keeps, in ascending order; all others are closed before anything else happens.
    const int32_t *kept;
    uint64_t kept_count;
    /// The process ends as soon as this becomes readable (a pidfd of the one that it may not outlive); -1 for never.
    int32_t life;
    /// A pidfd of the parent, of whose end guest_signals_note_orphan is told; -1 for none.
    int32_t parent;
    /// Run on a thread of its own, with all asynchronous signals blocked.
    void (*body)(void *argument);
    void *argument;
};

/// Forks this process. Returns the new one's pid, or a negative errno; the new one does not return.
///
/// Whoever calls holds no lock, has stopped the guest, and has closed the gate of the other threads (thread_gate.h).
int64_t host_fork(const struct host_fork_plan *plan);

#endif
