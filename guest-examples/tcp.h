// TCP on the loopback interface, for the programs that are server and client at once.
#ifndef TCP_H
#define TCP_H

#include "check.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

// Port 0 lets the kernel choose: tests run side by side.
CHECK_INLINE int tcp_listen(uint16_t port, uint16_t *chosen) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(listener >= 0);
    int one = 1;
    CHECK(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 64) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0 && address.sin_port != 0);
    *chosen = ntohs(address.sin_port);
    return listener;
}

CHECK_INLINE int tcp_try_connect(uint16_t port) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(descriptor >= 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) {
        int one = 1; // small requests and answers must not wait for each other
        CHECK(setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
        return descriptor;
    }
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

CHECK_INLINE int tcp_connect(uint16_t port) {
    int descriptor = tcp_try_connect(port);
    CHECK(descriptor >= 0);
    return descriptor;
}

// All of it, or what the failing call returned. A connection that breaks is for the caller to judge.
CHECK_INLINE ssize_t send_all(int descriptor, const void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = send(descriptor, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
        if (n <= 0) return n;
        done += (size_t)n;
    }
    return (ssize_t)size;
}

CHECK_INLINE ssize_t receive_all(int descriptor, void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = recv(descriptor, (char *)bytes + done, size - done, 0);
        if (n <= 0) return n;
        done += (size_t)n;
    }
    return (ssize_t)size;
}

#endif
