// Symbolic links to /proc/self/fd lead to the program's own descriptors, and to nothing where it has none.
#include "scratch.h"

enum { NUMBERS = 40 };

static void change_own(void) {
    struct stat status;
    char target[64];
    int descriptor = file_open("file", O_CREAT | O_RDWR);
    CHECK_EQUAL(write(descriptor, "contents", 8), 8);
    snprintf(target, sizeof target, "/proc/self/fd/%d", descriptor);
    CHECK(symlink(target, "own") == 0 && symlink("own", "chain") == 0);
    CHECK(truncate("chain", 3) == 0);
    CHECK(fstat(descriptor, &status) == 0 && status.st_size == 3);
    CHECK(chmod("own", 0640) == 0);
    CHECK(fstat(descriptor, &status) == 0 && (status.st_mode & 0777) == 0640);
    int again = open("own", O_RDWR | O_TRUNC);
    CHECK(again >= 0 && fstat(descriptor, &status) == 0 && status.st_size == 0);
    CHECK(close(again) == 0 && close(descriptor) == 0);
    CHECK_FAILS(truncate("chain", 0), ENOENT);
    CHECK(unlink("own") == 0 && unlink("chain") == 0 && unlink("file") == 0);
}

// Whatever a supervisor may have open under that number.
static void change_nothing(int number) {
    char target[64];
    snprintf(target, sizeof target, "/proc/self/fd/%d", number);
    CHECK(symlink(target, "link") == 0);
    CHECK_FAILS(truncate("link", 0), ENOENT);
    CHECK_FAILS(chmod("link", 0600), ENOENT);
    CHECK_FAILS(chown("link", getuid(), getgid()), ENOENT);
    CHECK_FAILS(utimensat(AT_FDCWD, "link", NULL, 0), ENOENT);
    CHECK_FAILS(open("link", O_RDONLY), ENOENT);
    CHECK_FAILS(open("link", O_RDWR | O_TRUNC), ENOENT);
    CHECK(unlink("link") == 0);
}

int main(void) {
    scratch_enter();
    change_own();
    for (int number = 3; number < NUMBERS; number++)
        if (fcntl(number, F_GETFD) < 0) change_nothing(number);
    scratch_leave();
    return check_ok();
}
