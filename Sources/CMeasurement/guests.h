// What the guests share. Each takes the words behind its name.
#ifndef GUESTS_H
#define GUESTS_H

#include <stdint.h>

int guest_calls(int count, char **words);
int guest_dirty_page(int count, char **words);
int guest_pages(int count, char **words);
int guest_loops(int count, char **words);
int guest_disk(int count, char **words);
int guest_redis_load(int count, char **words);
int guest_other_machine(int count, char **words);

// Sleeps until a mirror, if there is one, has the whole guest, unless the machine is overloaded: what is timed after
// this is not with the first epoch.
void guest_settle(void);

// CLOCK_MONOTONIC.
uint64_t guest_nanoseconds(void);

#endif
