// Descriptor numbers that a supervisor in the same process has for itself, and such as nobody has: each is EBADF unless
// the program has opened it, and what the program puts there is its own.
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static const uint64_t odd[] = { -1, 0x7fffffff, 0x80000000, 1 << 30, 1048576, 999999, 0xffffff9c };

static int is_open(int descriptor) {
    return fcntl(descriptor, F_GETFD) >= 0;
}

static void closing_all(void) {
    // The program has its three, and at most what it was started with.
    for (int descriptor = 3; descriptor < 1024; descriptor++) {
        if (is_open(descriptor)) continue;
        char byte = 0;
        CHECK_FAILS(close(descriptor), EBADF);
        CHECK_FAILS(read(descriptor, &byte, 1), EBADF);
        CHECK_FAILS(write(descriptor, &byte, 1), EBADF);
        CHECK_FAILS(dup(descriptor), EBADF);
    }
    CHECK_EQUAL(syscall(SYS_close_range, 3L, 0xffffffffL, 0L), 0);
    CHECK(is_open(1));
    printf("nothing was open that is not the program's\n");
}

static void taking_all(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    int count = limit.rlim_cur > 400 ? 400 : (int)limit.rlim_cur, ends[2];
    CHECK(pipe(ends) == 0);
    for (int descriptor = 10; descriptor < count; descriptor++) CHECK_EQUAL(dup2(ends[1], descriptor), descriptor);
    for (int descriptor = 10; descriptor < count; descriptor++) {
        char byte = 0;
        CHECK_EQUAL(write(descriptor, &descriptor, 1), 1);
        CHECK_EQUAL(read(ends[0], &byte, 1), 1);
        CHECK_EQUAL(byte, (char)descriptor);
    }
    // All of this still works, so whoever needs descriptors for it has them.
    int file = open("/proc/self/maps", O_RDONLY);
    char text[100];
    CHECK(file >= 0 && read(file, text, sizeof text) == sizeof text && close(file) == 0);
    CHECK_EQUAL(syscall(SYS_close_range, 10L, (long)count, 0L), 0);
    CHECK_FAILS(write(10, text, 1), EBADF);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
    printf("every number can be the program's\n");
}

static void no_numbers(void) {
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        const uint64_t number = odd[i];
        char byte = 0;
        struct pollfd entry = { .fd = (int)number, .events = POLLIN };
        CHECK_FAILS(syscall(SYS_close, number), EBADF);
        CHECK_FAILS(syscall(SYS_read, number, &byte, 1L), EBADF);
        CHECK_FAILS(syscall(SYS_dup, number), EBADF);
        CHECK_FAILS(syscall(SYS_dup2, 1L, number), EBADF);
        CHECK_FAILS(syscall(SYS_dup3, number, 5L, 0L), EBADF);
        CHECK_FAILS(syscall(SYS_fcntl, 1L, F_DUPFD, number | 1 << 30), EINVAL);
        CHECK_FAILS(syscall(SYS_fstat, number, &byte), EBADF);
        CHECK_FAILS(syscall(SYS_lseek, number, 0L, 0L), EBADF);
        CHECK_FAILS(syscall(SYS_sendfile, 1L, number, 0L, 1L), EBADF);
        CHECK_FAILS(syscall(SYS_epoll_ctl, number, 1L, 1L, &byte), EBADF);
        CHECK_EQUAL(poll(&entry, 1, 0), entry.fd < 0 ? 0 : 1);
        CHECK(entry.fd < 0 || entry.revents == POLLNVAL);
    }
    // Only the lower half of the word counts.
    CHECK_EQUAL(syscall(SYS_fcntl, 7ull << 32 | 1, F_GETFD, 0L), 0);
    CHECK_FAILS(syscall(SYS_close_range, 5L, 4L, 0L), EINVAL);
    CHECK_EQUAL(syscall(SYS_close_range, 0x7fffffffL, 0xffffffffL, 0L), 0);
    printf("numbers that nobody has are EBADF\n");
}

int main(void) {
    closing_all();
    taking_all();
    no_numbers();
    return check_ok();
}
