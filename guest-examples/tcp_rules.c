// What TCP sockets promise, one by one: refused and pending connections, half-closed ones, a reset, options, names, and
// an accept queue that is served later.
#include "tcp.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>

static uint16_t port;
static char back[300000];

static int option(int descriptor, int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    CHECK(getsockopt(descriptor, level, name, &value, &length) == 0 && length == sizeof value);
    return value;
}

static int wait_for(int descriptor, short events) {
    struct pollfd one = { descriptor, events, 0 };
    CHECK_EQUAL(poll(&one, 1, 20000), 1);
    return one.revents;
}

static void *sends_much(void *connection) {
    memset(back, 'm', sizeof back);
    CHECK_EQUAL(send_all(*(int *)connection, back, sizeof back), sizeof back);
    CHECK(shutdown(*(int *)connection, SHUT_WR) == 0);
    return NULL;
}

int main(void) {
    // Nobody listens on a port that was just given back: refused, for a blocking socket and a non-blocking one.
    int listener = tcp_listen(0, &port);
    CHECK(close(listener) == 0);
    CHECK_FAILS(tcp_try_connect(port), ECONNREFUSED);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
                       name;
    socklen_t length = sizeof name;
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == -1 &&
          (errno == EINPROGRESS || errno == ECONNREFUSED));
    if (errno == EINPROGRESS) {
        CHECK(wait_for(client, POLLOUT) & POLLERR);
        CHECK_EQUAL(option(client, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
        CHECK_EQUAL(option(client, SOL_SOCKET, SO_ERROR), 0); // reading it clears it
    }
    CHECK(close(client) == 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_FAILS(send(client, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_FAILS(recv(client, back, 1, 0), ENOTCONN);
    CHECK_FAILS(getpeername(client, (struct sockaddr *)&name, &length), ENOTCONN);
    CHECK_FAILS(accept(client, NULL, NULL), EINVAL);
    address.sin_family = 1234;
    CHECK_FAILS(connect(client, (struct sockaddr *)&address, sizeof address), EAFNOSUPPORT);
    CHECK_FAILS(bind(client, (struct sockaddr *)&address, 3), EINVAL);
    CHECK(close(client) == 0);
    printf("refusals ok\n");

    // Connections are made, and can be written to, before anybody accepts them.
    listener = tcp_listen(0, &port);
    CHECK_EQUAL(option(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
    CHECK_EQUAL(option(listener, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    CHECK_EQUAL(option(listener, SOL_SOCKET, SO_REUSEADDR), 1);
    int clients[5], servers[5];
    for (int i = 0; i < 5; i++) {
        clients[i] = tcp_connect(port);
        CHECK_EQUAL(send(clients[i], "early", 5, 0), 5);
        CHECK_EQUAL(option(clients[i], SOL_SOCKET, SO_REUSEADDR), 0);
    }
    CHECK(wait_for(listener, POLLIN) & POLLIN);
    for (int i = 0; i < 5; i++) {
        // The two sides know each other by the same two names.
        struct sockaddr_in peer, own;
        length = sizeof peer;
        servers[i] = accept4(listener, (struct sockaddr *)&peer, &length, i % 2 ? SOCK_NONBLOCK : 0);
        CHECK(servers[i] >= 0 && length == sizeof peer);
        CHECK_EQUAL(fcntl(servers[i], F_GETFL) & O_NONBLOCK, i % 2 ? O_NONBLOCK : 0);
        CHECK(getsockname(clients[i], (struct sockaddr *)&name, &length) == 0 && name.sin_port == peer.sin_port);
        CHECK(getpeername(clients[i], (struct sockaddr *)&name, &length) == 0 && ntohs(name.sin_port) == port);
        CHECK(getsockname(servers[i], (struct sockaddr *)&own, &length) == 0 && ntohs(own.sin_port) == port);
        CHECK(own.sin_addr.s_addr == inet_addr("127.0.0.1"));
        CHECK(wait_for(servers[i], POLLIN) & POLLIN);
        CHECK(recv(servers[i], back, 100, 0) == 5 && memcmp(back, "early", 5) == 0);
    }
    CHECK_FAILS(recv(servers[1], back, 1, 0), EAGAIN);
    CHECK_FAILS(recv(servers[0], back, 1, MSG_DONTWAIT), EAGAIN);
    CHECK(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
    CHECK_FAILS(accept(listener, NULL, NULL), EAGAIN);
    printf("accept queue ok\n");

    CHECK_EQUAL(option(clients[0], IPPROTO_TCP, TCP_NODELAY), 1);
    CHECK_EQUAL(option(servers[0], IPPROTO_TCP, TCP_NODELAY), 0);
    int one = 1, size = 50000;
    CHECK(setsockopt(clients[0], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) == 0 &&
          option(clients[0], SOL_SOCKET, SO_KEEPALIVE) == 1);
    CHECK(setsockopt(clients[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0 &&
          option(clients[0], SOL_SOCKET, SO_SNDBUF) >= size);
    CHECK_FAILS(setsockopt(clients[0], SOL_SOCKET, 9999, &one, sizeof one), ENOPROTOOPT);
    // Half closed: one side has said all it has to say, the other still answers, at length.
    CHECK(shutdown(servers[0], SHUT_WR) == 0 && recv(clients[0], back, 1, 0) == 0);
    pthread_t sender = thread_start(sends_much, &clients[0]);
    CHECK_EQUAL(receive_all(servers[0], back, sizeof back), sizeof back);
    CHECK(recv(servers[0], back, 1, 0) == 0);
    thread_join(sender);
    CHECK_FAILS(send(clients[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    // Urgent data is rare, but the flag must not upset anything; peeking and waiting for all are not.
    CHECK_EQUAL(send(clients[2], "peeked", 6, 0), 6);
    CHECK(wait_for(servers[2], POLLIN) && recv(servers[2], back, 3, MSG_PEEK) == 3 &&
          recv(servers[2], back, 6, MSG_WAITALL) == 6);
    // Closed with a linger time of zero: the other side gets a reset, once; then end of file.
    struct linger hard = { 1, 0 };
    CHECK(setsockopt(clients[3], SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0 && close(clients[3]) == 0);
    CHECK(wait_for(servers[3], POLLIN) & (POLLERR | POLLHUP));
    CHECK_FAILS(recv(servers[3], back, 1, 0), ECONNRESET);
    CHECK_EQUAL(recv(servers[3], back, 1, 0), 0);
    // A second listener on the same port is refused while the first lives.
    int second = socket(AF_INET, SOCK_STREAM, 0);
    address = (struct sockaddr_in){ .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CHECK_FAILS(bind(second, (struct sockaddr *)&address, sizeof address), EADDRINUSE);
    CHECK(close(second) == 0 && close(listener) == 0);
    // Connections outlive their listener.
    CHECK(send(servers[4], "on", 2, 0) == 2 && recv(clients[4], back, 2, MSG_WAITALL) == 2);
    for (int i = 0; i < 5; i++) CHECK(close(servers[i]) == 0 && (i == 3 || close(clients[i]) == 0));
    return check_ok();
}
