// pages MEGABYTES DIRTY ROUNDS PATTERN STATE: has so much memory resident, and in each round stores to so many pages
// of it, scattered or together; says one byte, which has an epoch cut, and sleeps, while another thread runs or none.
// Prints the nanoseconds of a store: the median of the rounds.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guests.h"

enum { page_size = 4096, round_count_max = 10000 };

static atomic_bool is_over;

static void *run_until_over(void *word) {
    volatile unsigned long *count = word;
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) ++*count;
    return 0;
}

static int compare(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

// Long enough for the epoch to be cut, and for what is sent of it not to be in the way of the next.
static void sleep_after(long dirty_count) {
    long nanoseconds = 15000000 + dirty_count * 8000;
    struct timespec left = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    while (nanosleep(&left, &left) != 0) continue;
}

int guest_pages(int count, char **words) {
    if (count != 5) return 64;
    long page_count = atol(words[0]) * 256, dirty_count = atol(words[1]), rounds = atol(words[2]);
    int is_scattered = strcmp(words[3], "scattered") == 0, is_running = strcmp(words[4], "running") == 0;
    if (dirty_count < 1 || dirty_count > page_count || rounds < 1 || rounds > round_count_max) return 64;
    char *memory = mmap(0, page_count * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    double *samples = calloc(rounds, sizeof *samples);
    if (memory == MAP_FAILED || !samples) return 1;
    // As under a tracker, which keeps pages small: else a native store is one to a huge page.
    madvise(memory, page_count * page_size, MADV_NOHUGEPAGE);
    for (long page = 0; page < page_count; page++) *(long *)(memory + page * page_size) = page;
    pthread_t thread;
    unsigned long steps = 0;
    if (is_running && pthread_create(&thread, 0, run_until_over, &steps) != 0) return 1;
    long stride = is_scattered ? page_count / dirty_count : 1;
    for (long round = -1; round < rounds; round++) {
        uint64_t start = guest_nanoseconds();
        for (long page = 0; page < dirty_count; page++)
            *(volatile long *)(memory + page * stride * page_size + 8) = round;
        // The first round is of an epoch that has everything.
        if (round >= 0) samples[round] = (double)(guest_nanoseconds() - start) / dirty_count;
        if (write(1, "\n", 1) != 1) return 1;
        sleep_after(dirty_count);
    }
    atomic_store(&is_over, 1);
    if (is_running) pthread_join(thread, 0);
    qsort(samples, rounds, sizeof *samples, compare);
    printf("%.1f\n", samples[rounds / 2]);
    return 0;
}
