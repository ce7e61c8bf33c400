// The descriptor table: always the lowest free number, duplicates that share position and flags but not close-on-exec,
// closing what was never open, and running out.
#include "scratch.h"
#include <sys/resource.h>
#include <sys/syscall.h>

static int lowest_free(void) {
    int descriptor = dup(0);
    CHECK(descriptor >= 0 && close(descriptor) == 0);
    return descriptor;
}

int main(void) {
    // Whoever started this may have left descriptors open.
    for (int i = 3; i < 1024; i++) close(i);
    for (int i = 3; i < 1024; i++) CHECK_FAILS(close(i), EBADF);
    CHECK_FAILS(close(-1), EBADF);
    CHECK_FAILS(close(INT_MAX), EBADF);
    for (int i = 0; i < 3; i++) CHECK(fcntl(i, F_GETFD) >= 0);
    scratch_enter();

    CHECK_EQUAL(file_open("a", O_CREAT | O_RDWR), 3);
    CHECK_EQUAL(dup(3), 4);
    CHECK_EQUAL(file_open("b", O_CREAT | O_RDWR | O_CLOEXEC), 5);
    CHECK(close(4) == 0);
    CHECK_EQUAL(dup(5), 4); // the gap first
    CHECK_EQUAL(dup(5), 6);
    CHECK_EQUAL(fcntl(3, F_DUPFD, 10), 10);
    CHECK_EQUAL(fcntl(3, F_DUPFD, 10), 11);
    CHECK_EQUAL(fcntl(3, F_DUPFD_CLOEXEC, 20), 20);
    CHECK_EQUAL(dup2(3, 500), 500);
    CHECK_EQUAL(dup2(3, 3), 3); // nothing happens, but it is checked
    CHECK_FAILS(dup2(77, 77), EBADF);
    CHECK_FAILS(dup2(77, 3), EBADF);
    CHECK_FAILS(dup2(3, -1), EBADF);
    CHECK_FAILS(dup3(3, 3, 0), EINVAL);
    CHECK_FAILS(dup3(3, 12, 0x1234), EINVAL);
    CHECK_EQUAL(dup3(3, 12, O_CLOEXEC), 12);
    CHECK_FAILS(fcntl(3, F_DUPFD, -1), EINVAL);
    CHECK_FAILS(fcntl(3, 9999), EINVAL);
    CHECK_FAILS(fcntl(99, F_GETFD), EBADF);
    CHECK_EQUAL(lowest_free(), 7);

    // Close-on-exec belongs to the number.
    CHECK(fcntl(5, F_GETFD) == FD_CLOEXEC && fcntl(6, F_GETFD) == 0);
    CHECK(fcntl(20, F_GETFD) == FD_CLOEXEC && fcntl(12, F_GETFD) == FD_CLOEXEC && fcntl(10, F_GETFD) == 0);
    CHECK(fcntl(10, F_SETFD, FD_CLOEXEC) == 0 && fcntl(10, F_GETFD) == FD_CLOEXEC && fcntl(3, F_GETFD) == 0);
    // Position and status flags belong to what was opened.
    char bytes[8];
    CHECK_EQUAL(write(3, "hello", 5), 5);
    CHECK_EQUAL(lseek(500, 0, SEEK_CUR), 5);
    CHECK_EQUAL(lseek(10, 1, SEEK_SET), 1);
    CHECK(read(11, bytes, 2) == 2 && memcmp(bytes, "el", 2) == 0);
    CHECK_EQUAL(lseek(3, 0, SEEK_CUR), 3);
    CHECK(fcntl(3, F_SETFL, O_APPEND | O_NONBLOCK) == 0);
    CHECK_EQUAL(fcntl(12, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE), O_APPEND | O_NONBLOCK | O_RDWR);
    // Opened once more it is another description.
    CHECK_EQUAL(file_open("a", O_RDONLY), 7);
    CHECK(lseek(7, 0, SEEK_CUR) == 0 && (fcntl(7, F_GETFL) & (O_APPEND | O_ACCMODE)) == O_RDONLY);
    CHECK_FAILS(write(7, "x", 1), EBADF);
    printf("duplicates ok\n");

    // Standard output moved away and put back, as shells do it.
    fflush(stdout);
    CHECK_EQUAL(dup2(1, 30), 30);
    CHECK_EQUAL(dup2(3, 1), 1);
    CHECK_EQUAL(write(1, " world", 6), 6);
    CHECK_EQUAL(dup2(30, 1), 1);
    CHECK(close(30) == 0);
    CHECK(pread(7, bytes, 8, 3) == 8 && memcmp(bytes, "lo world", 8) == 0);
    printf("standard output is back\n");

    // close_range: closed, or only marked.
    CHECK(syscall(SYS_close_range, 4, 6, 0) == 0);
    CHECK_FAILS(fcntl(4, F_GETFD), EBADF);
    CHECK_FAILS(fcntl(6, F_GETFD), EBADF);
    CHECK(syscall(SYS_close_range, 3, 11, 4) == 0 && fcntl(3, F_GETFD) == FD_CLOEXEC &&
          fcntl(11, F_GETFD) == FD_CLOEXEC);
    CHECK(syscall(SYS_close_range, 8, ~0U, 0) == 0);
    CHECK_FAILS(fcntl(500, F_GETFD), EBADF);
    CHECK_FAILS(syscall(SYS_close_range, 9, 8, 0), EINVAL);
    CHECK(close(7) == 0 && close(3) == 0 && unlink("a") == 0 && unlink("b") == 0);

    // Running out: every call that makes a descriptor says EMFILE; raising the limit again helps.
    struct rlimit limit, lowered;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    lowered = limit;
    lowered.rlim_cur = 20;
    CHECK(setrlimit(RLIMIT_NOFILE, &lowered) == 0);
    for (int i = 3; i < 20; i++) CHECK_EQUAL(dup(0), i);
    int ends[2];
    CHECK_FAILS(dup(0), EMFILE);
    CHECK_FAILS(open("/", O_RDONLY), EMFILE);
    CHECK_FAILS(pipe(ends), EMFILE);
    CHECK_FAILS(fcntl(0, F_DUPFD, 25), EINVAL);
    CHECK_FAILS(dup2(0, 20), EBADF);
    CHECK(close(11) == 0);
    CHECK_FAILS(pipe(ends), EMFILE); // one is not enough for two, and none is lost
    CHECK_EQUAL(dup(0), 11);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EQUAL(dup(0), 20);
    CHECK(syscall(SYS_close_range, 3, ~0U, 0) == 0);
    CHECK_EQUAL(lowest_free(), 3);
    scratch_leave();
    return check_ok();
}
