// A connection of the program with itself. Nothing is ever sent on it, and a takeover ends it, as it ends every
// connection that is established: that is how the program learns, at once, that it goes on in the mirror.
#ifndef VOLUME_MODEL_WATCH_H
#define VOLUME_MODEL_WATCH_H

#include "../check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

// A connection that was made is there at once, unless it is lost.
enum { WATCH_MILLISECONDS = 500 };

static int watch_ends[2] = { -1, -1 };

CHECK_INLINE void watch_start(void) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    // Not blocking: a connection that poll has seen may be lost before it is accepted.
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 1) == 0 && getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    // A takeover while this is being made breaks it off, or loses the connection that was not accepted yet: then it is
    // simply made again.
    struct pollfd waiting = { .fd = listener, .events = POLLIN };
    do {
        for (int i = 0; i < 2; i++)
            if (watch_ends[i] >= 0) close(watch_ends[i]);
        watch_ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(watch_ends[0] >= 0);
        watch_ends[1] = -1;
    } while (connect(watch_ends[0], (struct sockaddr *)&address, length) != 0
             || poll(&waiting, 1, WATCH_MILLISECONDS) != 1
             || (watch_ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0);
    CHECK(close(listener) == 0);
}

// Whether there was a takeover since the last time.
CHECK_INLINE bool watch_has_ended(void) {
    char byte;
    ssize_t result = recv(watch_ends[0], &byte, 1, MSG_DONTWAIT);
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    watch_start();
    return true;
}

#endif
