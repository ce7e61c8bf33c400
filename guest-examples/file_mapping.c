// Private file mappings: what they show, that writing to them never reaches the file, that they outlive descriptor and
// name, and that mapping a large file does not read it.
#include "scratch.h"
#include <sys/mman.h>

enum { PAGE = 4096, SIZE = 3 * PAGE + 1234 };
static char data[SIZE], back[SIZE];

int main(void) {
    scratch_enter();
    uint64_t state = 4;
    for (int i = 0; i < SIZE; i++) data[i] = (char)random_next(&state);
    file_write("file", data, SIZE);
    int file = file_open("file", O_RDONLY);

    // Readable and, being private, writable although the file was opened for reading only.
    char *whole = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    char *part = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, file, 2 * PAGE);
    CHECK(whole != MAP_FAILED && part != MAP_FAILED);
    CHECK(memcmp(whole, data, SIZE) == 0 && memcmp(part, data + 2 * PAGE, PAGE + 1234) == 0);
    for (int i = SIZE; i < 4 * PAGE; i++) CHECK_EQUAL(whole[i], 0); // the last page is filled up
    memset(whole + PAGE, 'w', 2 * PAGE);
    CHECK_EQUAL(part[0], data[2 * PAGE]); // another mapping does not see it
    CHECK(pread(file, back, SIZE, 0) == SIZE && memcmp(back, data, SIZE) == 0);
    // Dropped, the file's contents come back. (Reading straight into such a page is a write to it.)
    CHECK(madvise(whole, 4 * PAGE, MADV_DONTNEED) == 0 && memcmp(whole, data, SIZE) == 0);
    CHECK_EQUAL(pread(file, whole + 10, 100, 500), 100);
    CHECK(memcmp(whole + 10, data + 500, 100) == 0 && memcmp(whole + 110, data + 110, PAGE) == 0);

    CHECK_FAILS((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 100), EINVAL);
    CHECK_FAILS((intptr_t)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), EACCES);
    CHECK(close(file) == 0);
    file = file_open("file", O_WRONLY);
    CHECK_FAILS((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0), EACCES);
    CHECK(close(file) == 0);
    file = file_open(".", O_RDONLY);
    CHECK_FAILS((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0), ENODEV);
    CHECK(close(file) == 0);

    // Without descriptor and without name the mapping stays, also its pages not looked at so far; parts can be moved
    // and cut.
    CHECK(unlink("file") == 0);
    CHECK(memcmp(part, data + 2 * PAGE, PAGE + 1234) == 0);
    CHECK(munmap(whole, PAGE) == 0 && memcmp(whole + PAGE, data + PAGE, SIZE - PAGE) == 0);
    CHECK(mprotect(whole + PAGE, PAGE, PROT_READ) == 0);
    char *moved = mremap(whole + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, whole);
    CHECK(moved == whole && memcmp(whole, data + 2 * PAGE, PAGE) == 0 &&
          memcmp(whole + PAGE, data + 3 * PAGE, 1234) == 0);
    CHECK(munmap(whole, 2 * PAGE) == 0 && munmap(part, 2 * PAGE) == 0);
    printf("private mapping ok\n");

    // Two gigabytes, almost all of it a hole: reading it in would take seconds and more memory than there may be.
    const off_t large = 2L << 30;
    file = file_open("large", O_CREAT | O_RDWR);
    CHECK(ftruncate(file, large) == 0);
    for (off_t at = 0; at < large; at += large / 8) CHECK_EQUAL(pwrite(file, &at, sizeof at, at + 100), sizeof at);
    char *mapped = mmap(NULL, (size_t)large, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    CHECK(mapped != MAP_FAILED);
    for (off_t at = 0; at < large; at += large / 8) {
        CHECK(memcmp(mapped + at + 100, &at, sizeof at) == 0 && mapped[at + 99] == 0 && mapped[at + PAGE] == 0);
        mapped[at + PAGE] = 1;
    }
    CHECK(pread(file, back, 1, PAGE) == 1 && back[0] == 0);
    CHECK(munmap(mapped, (size_t)large) == 0 && close(file) == 0 && unlink("large") == 0);
    printf("large file ok\n");

    // Nothing of an empty file can be read, but it can be mapped.
    file = file_open("empty", O_CREAT | O_RDWR);
    mapped = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    CHECK(mapped != MAP_FAILED && munmap(mapped, PAGE) == 0 && close(file) == 0 && unlink("empty") == 0);
    scratch_leave();
    return check_ok();
}
