// mremap: growing where there is room and where there is none, shrinking, moving over something, and what it refuses.
// The contents travel with the mapping.
#include "check.h"
#include <sys/mman.h>

enum { PAGE = 4096 };
static const int rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

static char *reserve(int pages) { // with room behind it that we know to be free
    char *area = mmap(NULL, (size_t)(2 * pages) * PAGE, PROT_NONE, anonymous, -1, 0);
    CHECK(area != MAP_FAILED && munmap(area, (size_t)(2 * pages) * PAGE) == 0);
    CHECK(mmap(area, (size_t)pages * PAGE, rw, anonymous | MAP_FIXED_NOREPLACE, -1, 0) == area);
    return area;
}

static void fill(char *area, int pages) {
    for (int i = 0; i < pages; i++) memset(area + i * PAGE, i + 1, PAGE);
}

static void check_filled(const char *area, int pages) {
    for (int i = 0; i < pages; i++) CHECK(area[i * PAGE] == i + 1 && area[i * PAGE + PAGE - 1] == i + 1);
}

int main(void) {
    char *area = reserve(8);
    fill(area, 8);
    // In place: the new part is zero.
    CHECK(mremap(area, 8 * PAGE, 10 * PAGE, 0) == area);
    check_filled(area, 8);
    for (int i = 8 * PAGE; i < 10 * PAGE; i++) CHECK_EQUAL(area[i], 0);
    // Smaller: the rest is gone, and zero again when it comes back.
    memset(area + 8 * PAGE, 99, 2 * PAGE);
    CHECK(mremap(area, 10 * PAGE, 5 * PAGE, 0) == area);
    CHECK_FAILS(mprotect(area + 5 * PAGE, PAGE, PROT_READ), ENOMEM);
    CHECK(mremap(area, 5 * PAGE, 9 * PAGE, 0) == area);
    check_filled(area, 5);
    for (int i = 5 * PAGE; i < 9 * PAGE; i++) CHECK_EQUAL(area[i], 0);
    CHECK(mremap(area, 9 * PAGE, 9 * PAGE, 0) == area); // no change
    printf("in place ok\n");

    // No room: fails, or moves. The old place is free afterwards.
    CHECK(mmap(area + 9 * PAGE, PAGE, PROT_NONE, anonymous | MAP_FIXED, -1, 0) != MAP_FAILED);
    CHECK_FAILS((intptr_t)mremap(area, 9 * PAGE, 20 * PAGE, 0), ENOMEM);
    check_filled(area, 5);
    char *moved = mremap(area, 9 * PAGE, 20 * PAGE, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved != area);
    check_filled(moved, 5);
    CHECK_EQUAL(moved[20 * PAGE - 1], 0);
    CHECK_FAILS(mprotect(area, PAGE, PROT_READ), ENOMEM);
    CHECK_EQUAL(munmap(area + 9 * PAGE, PAGE), 0);

    // To a given place, over what is there; growing or shrinking on the way. A part from the middle leaves a hole.
    char *target = reserve(8);
    fill(target, 8);
    CHECK(mremap(moved, 20 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + 2 * PAGE) == target + 2 * PAGE);
    CHECK(target[PAGE] == 2 && target[2 * PAGE] == 1 && target[5 * PAGE] == 4 && target[6 * PAGE] == 7);
    CHECK_FAILS(mprotect(moved, PAGE, PROT_READ), ENOMEM);
    CHECK_FAILS(mprotect(moved + 10 * PAGE, PAGE, PROT_READ), ENOMEM);
    char *other = reserve(4);
    CHECK(mremap(target + 3 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, other + PAGE) == other + PAGE);
    CHECK(other[PAGE] == 2 && other[0] == 0 && other[2 * PAGE] == 0 && target[2 * PAGE] == 1 && target[4 * PAGE] == 3);
    CHECK_FAILS(mprotect(target + 3 * PAGE, PAGE, PROT_READ), ENOMEM);
    CHECK(munmap(target, 8 * PAGE) == 0 && munmap(other, 4 * PAGE) == 0);
    printf("moving ok\n");

    // Doubled again and again, as growing arrays do: every byte comes along.
    size_t size = PAGE;
    uint32_t *array = mmap(NULL, size, rw, anonymous, -1, 0);
    CHECK(array != MAP_FAILED);
    uint32_t used = 0;
    while (size < 4096 * PAGE) {
        for (; used < size / 4; used += 64) array[used] = used * 2654435761u;
        array = mremap(array, size, 2 * size, MREMAP_MAYMOVE);
        CHECK(array != MAP_FAILED);
        size *= 2;
        for (uint32_t i = 0; i < used; i += 64) CHECK_EQUAL(array[i], i * 2654435761u);
        CHECK(array[used] == 0 && array[size / 4 - 1] == 0);
    }
    CHECK(munmap(array, size) == 0);

    area = reserve(4);
    CHECK_FAILS((intptr_t)mremap(area + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EINVAL);
    CHECK_FAILS((intptr_t)mremap(area, PAGE, 0, MREMAP_MAYMOVE), EINVAL);
    CHECK_FAILS((intptr_t)mremap(area, PAGE, PAGE, 0x100), EINVAL);
    CHECK_FAILS((intptr_t)mremap(area, PAGE, PAGE, MREMAP_FIXED, area + 2 * PAGE), EINVAL); // fixed means it may move
    CHECK_FAILS((intptr_t)mremap(area, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + PAGE),
                EINVAL); // over itself
    CHECK(munmap(area, PAGE) == 0);
    CHECK_FAILS((intptr_t)mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
    CHECK(munmap(area, 4 * PAGE) == 0);
    return check_ok();
}
