#include <stdio.h>
#include <string.h>
#include <time.h>

#include "guests.h"
#include "measurement.h"

static const struct {
    const char *name;
    int (*run)(int count, char **words);
} guests[] = {
    {"calls", guest_calls},
    {"pages", guest_pages},
    {"dirty_page", guest_dirty_page},
    {"loops", guest_loops},
    {"disk", guest_disk},
    {"redis-load", guest_redis_load},
    {"other-machine", guest_other_machine},
};

int measurement_guest(int count, char **words) {
    for (unsigned index = 0; index < sizeof guests / sizeof *guests && count > 0; index++)
        if (strcmp(guests[index].name, words[0]) == 0) return guests[index].run(count - 1, words + 1);
    fprintf(stderr, "no such guest: %s\n", count > 0 ? words[0] : "(none)");
    return 64;
}

void guest_settle(void) { nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL); }

uint64_t guest_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
