// What mmap and its relatives promise one by one, and what they refuse; and a large, mostly empty address space.
#include "check.h"
#include <sys/mman.h>

enum { PAGE = 4096 };
static const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

static char *map(void *address, size_t size, int protection, int flags) {
    return mmap(address, size, protection, flags, -1, 0);
}

int main(void) {
    const int rw = PROT_READ | PROT_WRITE;
    CHECK_FAILS((intptr_t)map(NULL, 0, rw, anonymous), EINVAL);
    CHECK_FAILS((intptr_t)map((void *)0x123456, PAGE, rw, anonymous | MAP_FIXED), EINVAL);
    CHECK_FAILS((intptr_t)map(NULL, PAGE, rw, MAP_ANONYMOUS), EINVAL); // neither private nor shared
    CHECK_FAILS((intptr_t)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 0x7fff, 0), EBADF);
    CHECK_FAILS((intptr_t)mmap(NULL, PAGE, PROT_READ, anonymous, -1, 100), EINVAL);
    CHECK_FAILS((intptr_t)map(NULL, 1UL << 47, rw, anonymous), ENOMEM);
    CHECK_FAILS((intptr_t)map(NULL, (size_t)-1, rw, anonymous), ENOMEM);
    CHECK_FAILS((intptr_t)map((void *)(1UL << 47), PAGE, rw, anonymous | MAP_FIXED), ENOMEM);

    // A size that is no multiple of the page is rounded up; everything is zero.
    char *area = map(NULL, 10 * PAGE - 77, rw, anonymous);
    CHECK(area != MAP_FAILED && (uintptr_t)area % PAGE == 0);
    for (int i = 0; i < 10 * PAGE; i++) CHECK_EQUAL(area[i], 0);
    memset(area, 1, 10 * PAGE);
    // A hint is taken where there is room and ignored where there is none. Bits within the page do not matter.
    CHECK(munmap(area + 4 * PAGE, 2 * PAGE) == 0);
    CHECK(map(area + 4 * PAGE + 5, PAGE, rw, anonymous) == area + 4 * PAGE);
    char *elsewhere = map(area + 4 * PAGE, 2 * PAGE, rw, anonymous);
    CHECK(elsewhere != MAP_FAILED && (elsewhere >= area + 10 * PAGE || elsewhere + 2 * PAGE <= area));
    CHECK(area[4 * PAGE] == 0 && area[3 * PAGE] == 1 && area[6 * PAGE] == 1);
    CHECK_FAILS((intptr_t)map(area + 5 * PAGE, 2 * PAGE, rw, anonymous | MAP_FIXED_NOREPLACE), EEXIST);
    CHECK(map(area + 5 * PAGE, PAGE, rw, anonymous | MAP_FIXED_NOREPLACE) == area + 5 * PAGE);
    // Over what is there, and only over that.
    CHECK(map(area + 7 * PAGE, PAGE, rw, anonymous | MAP_FIXED) == area + 7 * PAGE);
    CHECK(area[7 * PAGE] == 0 && area[7 * PAGE - 1] == 1 && area[8 * PAGE] == 1);
    CHECK(munmap(area, 10 * PAGE) == 0 && munmap(area, 10 * PAGE) == 0); // nothing there is nothing wrong
    CHECK(munmap(elsewhere, 2 * PAGE) == 0);
    CHECK_FAILS(munmap(area + 1, PAGE), EINVAL);
    CHECK_FAILS(munmap(area, 0), EINVAL);
    CHECK_FAILS(mprotect(area, PAGE, PROT_READ), ENOMEM);
    CHECK_FAILS(mprotect(area + 1, PAGE, PROT_READ), EINVAL);
    CHECK(mprotect(area, 0, PROT_READ) == 0);
    printf("placement ok\n");

    // Below 2 GiB on request; at a fixed low address.
    char *low = map(NULL, 3 * PAGE, rw, anonymous | MAP_32BIT);
    CHECK(low != MAP_FAILED && (uintptr_t)low + 3 * PAGE <= 1UL << 31);
    low[2 * PAGE] = 1;
    CHECK(munmap(low, 3 * PAGE) == 0);
    low = map((void *)0x10000, PAGE, rw, anonymous | MAP_FIXED_NOREPLACE);
    CHECK(low == (void *)0x10000 && (low[5] = 7) == 7 && munmap(low, PAGE) == 0);

    // A reservation far larger than any memory, used here and there.
    size_t huge = 64UL << 30;
    char *reserved = map(NULL, huge, PROT_NONE, anonymous | MAP_NORESERVE);
    CHECK(reserved != MAP_FAILED);
    for (size_t at = 0; at < huge; at += huge / 16) {
        CHECK(mprotect(reserved + at, 2 * PAGE, rw) == 0);
        reserved[at + PAGE] = (char)(at >> 30);
    }
    for (size_t at = 0; at < huge; at += huge / 16) CHECK(reserved[at + PAGE] == (char)(at >> 30) && reserved[at] == 0);
    CHECK(madvise(reserved, huge, MADV_DONTNEED) == 0);
    for (size_t at = 0; at < huge; at += huge / 16) CHECK_EQUAL(reserved[at + PAGE], 0);
    CHECK(munmap(reserved, huge) == 0);
    printf("reservation ok\n");

    area = map(NULL, 8 * PAGE, rw, anonymous | MAP_POPULATE);
    memset(area, 5, 8 * PAGE);
    CHECK(madvise(area + PAGE, 2 * PAGE, MADV_DONTNEED) == 0);
    CHECK(area[PAGE - 1] == 5 && area[PAGE] == 0 && area[3 * PAGE - 1] == 0 && area[3 * PAGE] == 5);
    CHECK(madvise(area + 4 * PAGE, PAGE, MADV_FREE) == 0);
    CHECK(area[4 * PAGE] == 5 || area[4 * PAGE] == 0); // the kernel may take it at any time
    area[4 * PAGE] = 6;
    CHECK(area[4 * PAGE] == 6 && madvise(area, 8 * PAGE, MADV_WILLNEED) == 0 &&
          madvise(area, 8 * PAGE, MADV_NORMAL) == 0);
    CHECK_FAILS(madvise(area, PAGE, 9999), EINVAL);
    CHECK_FAILS(madvise(area + 1, PAGE, MADV_DONTNEED), EINVAL);
    CHECK(msync(area, 8 * PAGE, MS_SYNC) == 0);
    unsigned char resident[8];
    if (mincore(area, 8 * PAGE, resident) == 0)
        CHECK(resident[0] & 1);
    else
        CHECK_EQUAL(errno, ENOSYS);
    CHECK(mlock(area, PAGE) == 0 && munlock(area, PAGE) == 0);
    printf("advice ok\n");

    // Code written, then made executable, then changed: what a JIT compiler does.
    static const unsigned char code[] = { 0xb8, 1, 0, 0, 0, 0xc3 }; // mov $1,%eax; ret
    for (int i = 0; i < 50; i++) {
        CHECK(mprotect(area, PAGE, rw) == 0);
        memcpy(area, code, sizeof code);
        area[1] = (char)i;
        CHECK(mprotect(area, PAGE, PROT_READ | PROT_EXEC) == 0);
        CHECK_EQUAL(((int (*)(void))(uintptr_t)area)(), i);
    }
    CHECK(munmap(area, 8 * PAGE) == 0);
    return check_ok();
}
