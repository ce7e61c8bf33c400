// A shared file mapping and the file are one: what is stored through one is read through the other, at once. Where that
// cannot be kept the mapping must be refused; silently making it private would be wrong.
#include "scratch.h"
#include <sys/mman.h>

enum { PAGE = 4096, SIZE = 4 * PAGE };

static void check_coherent(int file) {
    char byte, text[8];
    CHECK(ftruncate(file, SIZE) == 0);
    char *first = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (first == MAP_FAILED) { // a clear refusal
        CHECK(errno == ENODEV || errno == EINVAL || errno == EACCES || errno == EPERM || errno == ENOSYS ||
              errno == EOPNOTSUPP);
        return;
    }
    char *second = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, PAGE);
    CHECK(second != MAP_FAILED);
    uint64_t state = 1;
    for (int i = 0; i < 500; i++) {
        off_t at = random_next(&state) % SIZE;
        first[at] = (char)i; // stored, then read
        CHECK(pread(file, &byte, 1, at) == 1 && byte == (char)i);
        at = random_next(&state) % SIZE;
        byte = (char)(i * 3);
        CHECK(pwrite(file, &byte, 1, at) == 1 && first[at] == byte); // written, then loaded
        if (at >= PAGE && at < 3 * PAGE) CHECK_EQUAL(second[at - PAGE], byte);
    }
    // Kept after it is unmapped; a file that grows grows under the mapping.
    memcpy(first + 100, "persist", 8);
    CHECK(msync(first, SIZE, MS_SYNC) == 0 && munmap(first, SIZE) == 0);
    CHECK(pread(file, text, 8, 100) == 8 && strcmp(text, "persist") == 0);
    CHECK(munmap(second, 2 * PAGE) == 0);
    first = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(first != MAP_FAILED && ftruncate(file, 2 * SIZE) == 0);
    first[2 * SIZE - 1] = 'e';
    CHECK(pread(file, &byte, 1, 2 * SIZE - 1) == 1 && byte == 'e');
    CHECK(madvise(first, 2 * SIZE, MADV_DONTNEED) == 0 &&
          first[2 * SIZE - 1] == 'e'); // dropped from here, not from the file
    CHECK(munmap(first, 2 * SIZE) == 0);
}

int main(void) {
    scratch_enter();
    int file = file_open("file", O_CREAT | O_RDWR);
    check_coherent(file);
    CHECK(close(file) == 0 && unlink("file") == 0);
    printf("file ok\n");
    int memory = memfd_create("memory", MFD_CLOEXEC);
    if (memory >= 0) {
        check_coherent(memory);
        CHECK(close(memory) == 0);
    } else {
        CHECK_EQUAL(errno, ENOSYS);
    }
    printf("memory file ok\n");
    scratch_leave();
    return check_ok();
}
