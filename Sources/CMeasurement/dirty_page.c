// dirty_page PAGES [ROUNDS]: each round writes a word into each of PAGES pages, chosen among four times as many; what
// was there before is cleared, and where each page's word is stands in a model on other pages. With ROUNDS it prints
// the seconds that they took; without it does one for each line of its input and says `done` to it.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guests.h"

enum { PAGE_BYTES = 4096, PAGE_WORDS = PAGE_BYTES / 8 };

struct model {
    uint64_t value;
    int word;
};

static uint64_t (*region)[PAGE_WORDS];
static struct model *model;
static long page_count;
static uint64_t state = 42;

static uint64_t next_number(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void do_round(long round, long writes) {
    for (long i = 0; i < writes; i++) {
        long page = (long)(next_number() % (uint64_t)page_count);
        int word = (int)(next_number() % PAGE_WORDS);
        region[page][model[page].word] = 0;
        region[page][word] = model[page].value = (uint64_t)round << 32 | (uint64_t)page;
        model[page].word = word;
    }
}

static int is_as_modelled(void) {
    for (long page = 0; page < page_count; page++)
        if (region[page][model[page].word] != model[page].value) return 0;
    return 1;
}

static int do_lines(long writes) {
    char line[64];
    printf("ready\n");
    fflush(stdout);
    for (long round = 1; fgets(line, sizeof line, stdin); round++) {
        do_round(round, writes);
        printf("done\n");
        fflush(stdout);
    }
    return is_as_modelled() ? 0 : 1;
}

int guest_dirty_page(int count, char **words) {
    if (count < 1 || count > 2) return 64;
    long writes = atol(words[0]);
    if (writes <= 0) return 64;
    page_count = 4 * writes;
    region = mmap(NULL, (size_t)page_count * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    model = calloc((size_t)page_count, sizeof *model);
    if (region == MAP_FAILED || !model) return 1;
    if (count == 1) return do_lines(writes);
    long rounds = atol(words[1]);
    // All pages are there before the time counts.
    for (long page = 0; page < page_count; page++) region[page][0] = model[page].value = 1;
    guest_settle();
    uint64_t start = guest_nanoseconds();
    for (long round = 1; round <= rounds; round++) do_round(round, writes);
    double seconds = (double)(guest_nanoseconds() - start) / 1e9;
    if (!is_as_modelled()) return 1;
    printf("%.6f\n", seconds);
    return 0;
}
