// Mapping, unmapping and pointing to where a supervisor in the same process may have its memory: the program gets what
// it asked for, or an error. Overlapping and misaligned ranges are refused as ever.
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };
static const int rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
static const uint64_t places[] = { 0x1ffffffff000, 0x200000000000, 0x200000001000, 0x400000000000, 0x7ffffffff000,
                                   0x800000000000, 1ull << 63, 0xffffffffff600000, -(uint64_t)PAGE };

static void over_everything(void) {
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const uint64_t place = places[i];
        // Not over what is there: natively these places are free or nobody's.
        char *page = mmap((void *)place, PAGE, rw, anonymous | MAP_FIXED_NOREPLACE, -1, 0);
        if (page != MAP_FAILED) {
            CHECK_EQUAL((uint64_t)page, place);
            page[0] = page[PAGE - 1] = 1;
            CHECK(munmap(page, PAGE) == 0);
            continue;
        }
        CHECK(errno == ENOMEM || errno == EEXIST || errno == EPERM);
        CHECK(syscall(SYS_mprotect, place, (long)PAGE, rw) == -1);
        CHECK(syscall(SYS_madvise, place, (long)PAGE, MADV_DONTNEED) == -1);
        CHECK(syscall(SYS_mremap, place, (long)PAGE, 2L * PAGE, MREMAP_MAYMOVE, 0L) == -1);
        CHECK(syscall(SYS_mlock, place, (long)PAGE) == -1);
        CHECK(syscall(SYS_write, 1, place, 1L) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_uname, place) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_futex, place, 1L, 1L, 0L, 0L, 0L) <= 0);
    }
    // Whole ranges that begin in what is the program's and reach far beyond.
    char *own = mmap(NULL, 4 * PAGE, rw, anonymous, -1, 0);
    CHECK(own != MAP_FAILED);
    own[0] = 7;
    const uint64_t far = 0x7ffffffff000 - (uint64_t)own;
    CHECK(syscall(SYS_munmap, own, far + 2 * PAGE) == -1 && errno == EINVAL);
    CHECK_EQUAL(own[0], 7);
    printf("nothing was taken that is not the program's\n");

    // Moving onto itself, onto a place without alignment, onto the edge of everything.
    CHECK(mremap(own, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, own + PAGE) == MAP_FAILED && errno == EINVAL);
    CHECK(mremap(own, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, own + 100) == MAP_FAILED && errno == EINVAL);
    CHECK(mremap(own + 1, PAGE, PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EINVAL);
    CHECK(mremap(own, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x7ffffffff000) == MAP_FAILED);
    CHECK(mmap(own + 1, PAGE, rw, anonymous | MAP_FIXED, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(munmap(own + 1, PAGE) == -1 && errno == EINVAL);
    CHECK(mprotect(own + 1, PAGE, rw) == -1 && errno == EINVAL);
    // PROT_GROWSDOWN is for what grows down, and not for whatever lies there.
    CHECK(mprotect(own + 2 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN) == -1 && errno == EINVAL);
    own[0] = 8, own[PAGE] = 9;
    CHECK(munmap(own, 4 * PAGE) == 0);
    printf("misaligned and overlapping ranges were refused\n");
}

// By way of a file: the process's memory, where it can be opened at all.
static void by_file(void) {
    static volatile uint64_t word = 0x1122334455667788;
    uint64_t seen = 0;
    int memory = open("/proc/self/mem", O_RDWR);
    if (memory < 0) {
        CHECK(errno == EACCES || errno == ENOENT);
        printf("/proc/self/mem ok\n");
        return;
    }
    CHECK(pread(memory, &seen, sizeof seen, (off_t)&word) == sizeof seen && seen == word);
    CHECK(close(memory) == 0);
    printf("/proc/self/mem ok\n");
}

int main(void) {
    over_everything();
    by_file();
    return check_ok();
}
