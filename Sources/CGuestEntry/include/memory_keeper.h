// A process beside this one that shares its memory, and nothing else, until this one has ended.
//
// exit(2) gives memory back before it closes descriptors (do_exit of kernel/exit.c: exit_mm, then exit_files). The last
// process that has the memory is the one that gives it back; so the connections of a supervisor that is killed are
// closed at once, and who takes over does not share the machine with the clearing up. (A mirror elsewhere heard of the
// death of a redis of 1.5 GB after 155 ms, of 100 MB after 25; medians of a few.)
#ifndef MEMORY_KEEPER_H
#define MEMORY_KEEPER_H

#include <stdint.h>

/// Starts it; once in a process, before it has much of anything. Returns 0 or a negative errno: then the process does
/// without. The keeper is in a session of its own and ignores all signals that can be ignored. It has this descriptor
/// (-1 for none) and one of this process's end, and gives the memory back at a low priority.
///
/// The descriptor is the userfaultfd: closed by a process whose memory still lives, it would have the kernel go over
/// every page before the descriptors behind it are closed (userfaultfd_release of fs/userfaultfd.c).
int64_t memory_keeper_start(int32_t kept);

/// Ends it, where there is one: the memory goes with this process then. Before an orderly exit.
void memory_keeper_stop(void);

#endif
