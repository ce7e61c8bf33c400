// Lists a directory again and again, into memory that is new each time, while another thread writes to many pages: each
// listing has all entries, whatever a checkpoint does with the pages meanwhile. `directory_beside_writes [LISTINGS]`
#include "page_writer.h"
#include <fcntl.h>
#include <sys/syscall.h>

enum { PAGES = 1200, BUFFER_BYTES = 1 << 15 };

static long list(int directory) {
    char *buffer = map_memory(BUFFER_BYTES);
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
    page_writer_start(PAGES);
    long expected = list(directory);
    CHECK(expected > 20);
    for (long i = 0; i < listings; i++) CHECK_EQUAL(list(directory), expected);
    page_writer_end();
    return check_ok();
}
