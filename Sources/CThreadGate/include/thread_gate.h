// Which threads of the supervisor's may be in the middle of something when the process is forked: none.
//
// A forked process has one thread. Whatever lock another one held at that moment, malloc's excepted, is held there for
// good: the Swift runtime takes some where a program cannot see it, such as for the cache of conformances. So threads
// that are not the guest's count here, but while they sleep in a call of the host's, and a fork waits until none does.
#ifndef THREAD_GATE_H
#define THREAD_GATE_H

#include <stdbool.h>

/// The calling thread counts from now on; sleeps while the gate is closed.
void thread_gate_join(void);
/// It does not count any more. Nothing for one that does not.
void thread_gate_quit(void);

/// For a thread that is about to be made: it counts before it runs, and then takes that over, or it is never made.
void thread_gate_add(void);
void thread_gate_adopt(void);
void thread_gate_drop(void);

/// Around a call of the host's that may sleep; nothing for a thread that does not count.
void thread_gate_pause(void);
void thread_gate_resume(void);

/// Waits until no thread counts, and lets none go on. False, and open again, when that takes longer than three seconds.
/// The calling thread does not count.
bool thread_gate_close(void);
void thread_gate_open(void);

/// In a forked process, by its first thread that may count: the gate is open, and that thread counts alone.
void thread_gate_reset(void);

#endif
