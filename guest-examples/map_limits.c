// Mapping at the edges: offsets past the end of what a file can have, names for memory that is not there, and more
// mappings than a process may have. Each is refused, and the program goes on.
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { PAGE = 4096, COUNT = 70000 };
static const int rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

static void offsets(void) {
    int file = open("/proc/self/exe", O_RDONLY);
    CHECK(file >= 0);
    for (uint64_t last = 1; last <= 16; last *= 4) {
        CHECK_FAILS(syscall(SYS_mmap, 0, last * PAGE, PROT_READ, MAP_PRIVATE, file, -(last * PAGE)), EOVERFLOW);
        CHECK_FAILS(syscall(SYS_mmap, 0, last * PAGE, PROT_READ, MAP_PRIVATE, file, INT64_MAX - PAGE + 1), EOVERFLOW);
    }
    CHECK_EQUAL(close(file), 0);
    printf("offsets ok\n");
}

static void names(void) {
    // EINVAL from a kernel that was built without names (CONFIG_ANON_VMA_NAME).
    for (long address = 0; address < 3 * PAGE; address += PAGE)
        CHECK(prctl(PR_SET_VMA, 0L, address, (long)PAGE, "name") == -1 && (errno == ENOMEM || errno == EINVAL));
    printf("names ok\n");
}

// Every second page of an area becomes one of its own until no more are to be had.
static void count_mappings(void) {
    size_t size = (size_t)2 * COUNT * PAGE;
    char *area = mmap(NULL, size, PROT_NONE, anonymous | MAP_NORESERVE, -1, 0);
    CHECK(area != MAP_FAILED);
    long mapped = 0;
    while (mapped < COUNT && mprotect(area + 2 * mapped * PAGE, PAGE, PROT_READ) == 0) mapped++;
    CHECK(mapped > 10000 && mapped < COUNT && errno == ENOMEM);
    CHECK_EQUAL(munmap(area, PAGE), 0); // splits nothing
    CHECK_EQUAL(munmap(area, size), 0);

    // The same with mappings made one by one, and memory to be had again afterwards.
    long made = 0;
    area = mmap(NULL, size, PROT_NONE, anonymous | MAP_NORESERVE, -1, 0);
    CHECK(area != MAP_FAILED && munmap(area, size) == 0);
    while (made < COUNT && mmap(area + 2 * made * PAGE, PAGE, rw, anonymous | MAP_FIXED, -1, 0) != MAP_FAILED) made++;
    CHECK(made > 10000 && made < COUNT && errno == ENOMEM);
    CHECK_EQUAL(munmap(area, size), 0);
    char *after = mmap(NULL, size, rw, anonymous | MAP_NORESERVE, -1, 0);
    CHECK(after != MAP_FAILED);
    after[0] = after[size - 1] = 1;
    CHECK_EQUAL(munmap(after, size), 0);
    printf("mappings ok\n");
}

int main(void) {
    offsets();
    names();
    count_mappings();
    return check_ok();
}
