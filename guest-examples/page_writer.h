// A thread that writes to pages all the time but for short rests, for programs that do something else beside it.
#ifndef PAGE_WRITER_H
#define PAGE_WRITER_H

#include "check.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

static atomic_bool page_writer_is_over;
static int page_writer_pages;
static pthread_t page_writer_thread;

CHECK_INLINE void *map_memory(size_t count) {
    void *memory = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

// Pages that are written all the time are not copied before a pause: hence the rests.
CHECK_INLINE void *page_writer_run(void *memory) {
    for (unsigned round = 0; !atomic_load(&page_writer_is_over); round++) {
        for (int page = 0; page < page_writer_pages; page++)
            *(volatile unsigned *)((char *)memory + page * 4096) = round;
        nanosleep(&(struct timespec){0, 200000}, NULL);
    }
    return NULL;
}

CHECK_INLINE void page_writer_start(int pages) {
    page_writer_pages = pages;
    CHECK(pthread_create(&page_writer_thread, NULL, page_writer_run, map_memory(pages * 4096l)) == 0);
}

CHECK_INLINE void page_writer_end(void) {
    atomic_store(&page_writer_is_over, true);
    CHECK(pthread_join(page_writer_thread, NULL) == 0);
}

#endif
