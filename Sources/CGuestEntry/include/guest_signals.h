// The signals by which the kernel hands the guest back to the supervisor.
#ifndef GUEST_SIGNALS_H
#define GUEST_SIGNALS_H

#include <stdint.h>

/// Interrupts a thread that runs guest code; does nothing in host code.
#define GUEST_PREEMPT_SIGNAL 64
/// Interrupts a wait; blocked everywhere but in the atomic mask of ppoll and epoll_pwait.
#define GUEST_KICK_SIGNAL 63

/// Installs the handlers for SIGSYS, the synchronous faults, preempt and kick, in place of the Swift
/// backtracer's.
/// Returns 0 or a negative errno.
long guest_signals_install(void);

/// Names the thread that is sent GUEST_KICK_SIGNAL when somebody has *sent* a fault signal to the process.
/// It waits for the signal by sigwaitinfo: while any thread polls a signalfd, the kernel wakes it for every
/// signal of the process, each caught syscall's SIGSYS included (signalfd_notify), which doubled their cost.
void guest_signals_set_listener(int32_t host_tid);

/// Sends it that signal. Does nothing before there is one.
void guest_signals_kick_listener(void);

/// Takes the set (bit n-1 for signal n) of fault signals that somebody sent to the process.
uint64_t guest_signals_take_outside(void);

/// The process's parent has ended: kicks the listener, once there is one.
void guest_signals_note_orphan(void);

/// Whether that has happened since it was last asked.
int guest_signals_take_orphan(void);

/// Gives every handled signal its default action again and unblocks it, for ending the process by it.
void guest_signals_restore_default(int signal);

#endif
