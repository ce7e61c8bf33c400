// What pipes promise: capacity, end of file, EPIPE, non-blocking ends, what poll says at each moment.
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>

static volatile int broken;
static char bytes[1 << 20];

static void on_pipe(int signal) {
    (void)signal;
    broken = broken + 1;
}

static int poll_one(int descriptor, short events) {
    struct pollfd one = { descriptor, events, 0 };
    int count = poll(&one, 1, 0);
    CHECK(count == (one.revents != 0));
    return one.revents;
}

int main(void) {
    int ends[2], unread;
    char back[8192];
    CHECK(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    CHECK(fcntl(ends[0], F_GETFD) == FD_CLOEXEC &&
          (fcntl(ends[1], F_GETFL) & (O_NONBLOCK | O_ACCMODE)) == (O_NONBLOCK | O_WRONLY));
    CHECK_FAILS(pipe2(ends, 0x40000000), EINVAL);
    CHECK_FAILS(lseek(ends[0], 0, SEEK_SET), ESPIPE);
    CHECK_FAILS(pread(ends[0], back, 1, 0), ESPIPE);
    CHECK_FAILS(write(ends[0], "x", 1), EBADF);
    CHECK_FAILS(read(ends[1], back, 1), EBADF);

    // Empty: nothing to read, room to write.
    CHECK_FAILS(read(ends[0], back, 1), EAGAIN);
    CHECK_EQUAL(read(ends[0], back, 0), 0);
    CHECK(poll_one(ends[0], POLLIN) == 0 && poll_one(ends[1], POLLOUT) == POLLOUT);
    // Filled until it refuses: what does not fit is written as far as it goes.
    int capacity = fcntl(ends[1], F_GETPIPE_SZ);
    CHECK(capacity >= 8192); // 65536, unless this user has very many pipes
    for (int i = 0; i < 1 << 20; i++) bytes[i] = (char)(i * 7 + i / 256);
    CHECK_EQUAL(write(ends[1], bytes, 1 << 20), capacity);
    CHECK_FAILS(write(ends[1], bytes, 1), EAGAIN);
    CHECK(poll_one(ends[0], POLLIN) == POLLIN && poll_one(ends[1], POLLOUT) == 0);
    CHECK(ioctl(ends[0], FIONREAD, &unread) == 0 && unread == capacity);
    // Up to PIPE_BUF bytes go all at once or not at all.
    CHECK_EQUAL(read(ends[0], back, 4095), 4095);
    CHECK_FAILS(write(ends[1], bytes, 4096), EAGAIN);
    CHECK_EQUAL(read(ends[0], back + 4095, 1), 1);
    CHECK_EQUAL(write(ends[1], bytes + capacity, 4096), 4096);
    CHECK(memcmp(back, bytes, 4096) == 0);
    for (int at = 4096; at < capacity + 4096; at += 4096) {
        CHECK_EQUAL(read(ends[0], back, 4096), 4096);
        CHECK(memcmp(back, bytes + at, 4096) == 0);
    }
    CHECK_FAILS(read(ends[0], back, 1), EAGAIN);
    // Larger or smaller on demand, but never too small for what is in it.
    CHECK_EQUAL(fcntl(ends[1], F_SETPIPE_SZ, 5000), 8192);
    CHECK_EQUAL(write(ends[1], bytes, 1 << 20), 8192);
    CHECK_FAILS(fcntl(ends[1], F_SETPIPE_SZ, 4096), EBUSY);
    printf("capacity ok\n");

    // The writer gone: the rest can be read, then end of file, again and again.
    CHECK_EQUAL(poll_one(ends[0], POLLIN), POLLIN);
    CHECK(close(ends[1]) == 0);
    CHECK_EQUAL(poll_one(ends[0], POLLIN), POLLIN | POLLHUP);
    CHECK_EQUAL(read(ends[0], back, 8192), 8192);
    CHECK(memcmp(back, bytes, 8192) == 0);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(read(ends[0], back, 1), 0);
    CHECK_EQUAL(poll_one(ends[0], POLLIN), POLLHUP);
    CHECK(close(ends[0]) == 0);
    printf("end of file ok\n");

    // The reader gone: SIGPIPE and EPIPE, and only EPIPE where the signal is ignored.
    CHECK(signal(SIGPIPE, on_pipe) != SIG_ERR && pipe(ends) == 0 && close(ends[0]) == 0);
    CHECK_EQUAL(poll_one(ends[1], POLLOUT), POLLOUT | POLLERR);
    CHECK_FAILS(write(ends[1], "x", 1), EPIPE);
    CHECK_EQUAL(broken, 1);
    CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    CHECK_FAILS(write(ends[1], "x", 1), EPIPE);
    CHECK(broken == 1 && close(ends[1]) == 0);

    // A duplicate keeps an end open.
    CHECK(pipe(ends) == 0);
    int copy = dup(ends[1]);
    CHECK(close(ends[1]) == 0 && write(copy, "abc", 3) == 3 && close(copy) == 0);
    CHECK(read(ends[0], back, 10) == 3 && read(ends[0], back, 10) == 0 && close(ends[0]) == 0);
    return check_ok();
}
