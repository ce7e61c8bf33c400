// Connected Unix sockets within one process: a stream, datagrams, and packets in sequence; peeking, shutting down one
// direction, timeouts, messages in pieces.
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

static char back[100000];

static void streams(void) {
    int s[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) == 0 && fcntl(s[0], F_GETFD) == FD_CLOEXEC);
    // No boundaries: two sends can be one receive. Peeking takes nothing away.
    CHECK(send(s[0], "abc", 3, 0) == 3 && send(s[0], "def", 3, 0) == 3);
    CHECK(recv(s[1], back, 4, MSG_PEEK) == 4 && memcmp(back, "abcd", 4) == 0);
    CHECK(recv(s[1], back, 100, 0) == 6 && memcmp(back, "abcdef", 6) == 0);
    CHECK_FAILS(recv(s[1], back, 1, MSG_DONTWAIT), EAGAIN);
    // Both directions are independent.
    CHECK(write(s[1], "back", 4) == 4 && shutdown(s[1], SHUT_WR) == 0);
    CHECK(read(s[0], back, 100) == 4 && read(s[0], back, 100) == 0);
    CHECK(send(s[0], "still", 5, 0) == 5 && recv(s[1], back, 5, MSG_WAITALL) == 5);
    CHECK_FAILS(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    struct pollfd one = { s[0], POLLIN | POLLOUT | POLLRDHUP, 0 };
    CHECK(poll(&one, 1, 0) == 1 && one.revents == (POLLIN | POLLOUT | POLLRDHUP));
    CHECK(close(s[1]) == 0 && poll(&one, 1, 0) == 1 && (one.revents & POLLHUP));
    CHECK_FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(close(s[0]) == 0);

    // A message gathered from pieces and scattered to others.
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    struct iovec out[] = { { "one", 3 }, { NULL, 0 }, { "twotwo", 6 } }, in[] = { { back, 2 }, { back + 10, 100 } };
    struct msghdr message = { .msg_iov = out, .msg_iovlen = 3 };
    CHECK_EQUAL(sendmsg(s[0], &message, 0), 9);
    message.msg_iov = in, message.msg_iovlen = 2;
    CHECK_EQUAL(recvmsg(s[1], &message, 0), 9);
    CHECK(memcmp(back, "on", 2) == 0 && memcmp(back + 10, "etwotwo", 7) == 0 && message.msg_flags == 0);
    int unread = -1;
    CHECK(write(s[0], "12345", 5) == 5 && ioctl(s[1], FIONREAD, &unread) == 0 && unread == 5);
    CHECK(close(s[0]) == 0 && read(s[1], back, 100) == 5 && read(s[1], back, 100) == 0 && close(s[1]) == 0);
    printf("stream ok\n");
}

static void packets(int type) {
    int s[2], value;
    socklen_t length = sizeof value;
    CHECK(socketpair(AF_UNIX, type, 0, s) == 0);
    CHECK(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &value, &length) == 0 && value == type);
    // Boundaries are kept; what does not fit the buffer is lost, and said so.
    CHECK(send(s[0], "first", 5, 0) == 5 && send(s[0], "second", 6, 0) == 6 && send(s[0], "third", 5, 0) == 5);
    CHECK_EQUAL(recv(s[1], back, 100, 0), 5);
    struct iovec part = { back, 3 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    CHECK_EQUAL(recvmsg(s[1], &message, 0), 3);
    CHECK((message.msg_flags & MSG_TRUNC) && memcmp(back, "sec", 3) == 0);
    CHECK(recv(s[1], back, 1, MSG_TRUNC) == 5 && back[0] == 't'); // the real length, on request
    CHECK_FAILS(recv(s[1], back, 1, MSG_DONTWAIT), EAGAIN);
    // Full: refuses, and takes more once something is read.
    memset(back, 'p', 1000);
    int sent = 0;
    while (send(s[0], back, 1000, MSG_DONTWAIT) == 1000) sent++;
    CHECK(errno == EAGAIN && sent > 0);
    for (int i = 0; i < sent; i++) CHECK_EQUAL(recv(s[1], back, 2000, 0), 1000);
    CHECK_EQUAL(send(s[0], back, 1000, MSG_DONTWAIT), 1000);
    CHECK_EQUAL(recv(s[1], back, 2000, 0), 1000);
    CHECK(close(s[0]) == 0);
    if (type == SOCK_SEQPACKET)
        CHECK_EQUAL(recv(s[1], back, 1, 0), 0); // connected: there is an end
    else
        CHECK_FAILS(send(s[1], "x", 1, 0), ECONNREFUSED);
    CHECK(close(s[1]) == 0);
}

static void *sends_later(void *descriptor) {
    sleep_us(3000);
    CHECK_EQUAL(write(*(int *)descriptor, "late", 4), 4);
    return NULL;
}

static void *writes_much(void *descriptor) {
    static char bytes[500000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i % 251);
    CHECK_EQUAL(write(*(int *)descriptor, bytes, sizeof bytes), sizeof bytes);
    return NULL;
}

int main(void) {
    streams();
    packets(SOCK_DGRAM);
    packets(SOCK_SEQPACKET);
    printf("packets ok\n");

    int s[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    struct timeval limit = { 0, 10000 };
    socklen_t length = sizeof limit;
    CHECK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    CHECK(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, &length) == 0 && limit.tv_sec == 0 &&
          limit.tv_usec >= 10000);
    int64_t before = clock_ns(CLOCK_MONOTONIC);
    CHECK_FAILS(read(s[0], back, 1), EAGAIN);
    CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 9000000);
    // With a generous one, data that comes in time is delivered.
    limit.tv_sec = 20;
    CHECK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    pthread_t sender = thread_start(sends_later, &s[1]);
    CHECK(read(s[0], back, 100) == 4 && memcmp(back, "late", 4) == 0);
    thread_join(sender);
    limit = (struct timeval){ 0, 10000 };
    CHECK(setsockopt(s[1], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
    size_t total = 0;
    for (ssize_t n; (n = write(s[1], back, sizeof back)) > 0;) total += (size_t)n;
    CHECK(errno == EAGAIN && total > 0);
    while (total > 0) {
        ssize_t n = read(s[0], back, sizeof back);
        CHECK(n > 0);
        total -= (size_t)n;
    }
    printf("timeouts ok\n");

    // One blocking write, far more than fits; a slow reader; every byte once.
    limit = (struct timeval){ 0, 0 };
    CHECK(setsockopt(s[1], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
    sender = thread_start(writes_much, &s[1]);
    for (size_t at = 0; at < 500000;) {
        ssize_t n = read(s[0], back, 7001);
        CHECK(n > 0);
        for (ssize_t i = 0; i < n; i++) CHECK_EQUAL(back[i], (char)((at + (size_t)i) % 251));
        at += (size_t)n;
    }
    thread_join(sender);
    return check_ok();
}
