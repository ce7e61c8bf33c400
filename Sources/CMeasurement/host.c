#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>

#include "measurement.h"

static cpu_set_t all_processors;

static int learn_processors(void) {
    if (CPU_COUNT(&all_processors) > 0) return 0;
    return sched_getaffinity(0, sizeof all_processors, &all_processors) == 0 ? 0 : errno;
}

int measurement_first_processor(void) {
    if (learn_processors() != 0) return 0;
    int processor = 0;
    while (!CPU_ISSET(processor, &all_processors)) processor++;
    return processor;
}

int measurement_bind(int processor) {
    int problem = learn_processors();
    if (problem != 0) return problem;
    cpu_set_t set = all_processors;
    if (processor >= 0) {
        CPU_ZERO(&set);
        CPU_SET(processor, &set);
    }
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : errno;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void measurement_remove_tree(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }
