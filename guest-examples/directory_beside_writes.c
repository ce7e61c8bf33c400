// Lists a directory again and again, into memory that is new each time, while another thread writes to many pages: each
// listing has all entries, whatever a checkpoint does with the pages meanwhile. `directory_beside_writes [LISTINGS]`
// The other thread rests between its rounds: pages that are written all the time are not copied before a pause.
#include "check.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGES = 1200, BUFFER_BYTES = 1 << 15 };

static atomic_bool is_over;

static void *write_pages(void *memory) {
    for (unsigned round = 0; !atomic_load(&is_over); round++) {
        for (int page = 0; page < PAGES; page++) *(volatile unsigned *)((char *)memory + page * 4096) = round;
        nanosleep(&(struct timespec){0, 200000}, NULL);
    }
    return NULL;
}

static void *map(size_t count) {
    void *memory = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

static long list(int directory) {
    char *buffer = map(BUFFER_BYTES);
    memset(buffer, 1, BUFFER_BYTES);
    CHECK(lseek(directory, 0, SEEK_SET) == 0);
    long total = 0;
    for (long length; (length = syscall(SYS_getdents64, directory, buffer, BUFFER_BYTES)) != 0;) {
        CHECK(length > 0);
        for (long at = 0; at < length; at += *(uint16_t *)(buffer + at + 16)) total++;
    }
    CHECK(munmap(buffer, BUFFER_BYTES) == 0);
    return total;
}

int main(int count, char **words) {
    long listings = count > 1 ? atol(words[1]) : 300;
    int directory = open("/usr/bin", O_RDONLY | O_DIRECTORY);
    CHECK(directory >= 0);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, write_pages, map(PAGES * 4096l)) == 0);
    long expected = list(directory);
    CHECK(expected > 20);
    for (long i = 0; i < listings; i++) CHECK_EQUAL(list(directory), expected);
    atomic_store(&is_over, true);
    CHECK(pthread_join(thread, NULL) == 0);
    return check_ok();
}
