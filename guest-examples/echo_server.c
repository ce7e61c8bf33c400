// A TCP server with a thread per connection, and its clients. `echo_server reconnect`: the clients survive a broken
// connection by connecting again and repeating the message, as clients of a server do that was taken over. Without it
// no connection may break.
#include "tcp.h"
#include <stdatomic.h>

enum { CLIENTS = 4, MESSAGES = 60, LARGEST = 20000 };
static int may_reconnect, listener;
static uint16_t port;
static atomic_int stopping, connections;

static void *echoes(void *argument) {
    int connection = (int)(intptr_t)argument;
    char bytes[4096];
    int one = 1; // a message comes back in several pieces: the last one must not wait for an acknowledgement
    CHECK(setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0 || may_reconnect);
    for (;;) {
        ssize_t n = recv(connection, bytes, sizeof bytes, 0);
        if (n > 0) n = send_all(connection, bytes, (size_t)n);
        if (n > 0) continue;
        CHECK(n == 0 || may_reconnect);
        break;
    }
    CHECK(close(connection) == 0);
    connections--;
    return NULL;
}

static void *serves(void *argument) {
    for (;;) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        int connection = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
        if (connection < 0 && may_reconnect) continue;
        CHECK(connection >= 0 && peer.sin_family == AF_INET && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
        connections++;
        CHECK_EQUAL(pthread_detach(thread_start(echoes, (void *)(intptr_t)connection)), 0);
        if (stopping) return argument;
    }
}

// Sends while it receives: a large message does not fit the buffers in between.
struct outgoing {
    int connection;
    const char *bytes;
    size_t size;
    ssize_t result;
};
static void *sends(void *argument) {
    struct outgoing *outgoing = argument;
    outgoing->result = send_all(outgoing->connection, outgoing->bytes, outgoing->size);
    return NULL;
}

static int exchange(int connection, const char *message, char *back, size_t size) {
    if (size < 4096) {
        if (send_all(connection, message, size) <= 0) return 0;
        return receive_all(connection, back, size) == (ssize_t)size;
    }
    struct outgoing outgoing = { connection, message, size, 0 };
    pthread_t sender = thread_start(sends, &outgoing);
    ssize_t received = receive_all(connection, back, size);
    thread_join(sender);
    return outgoing.result == (ssize_t)size && received == (ssize_t)size;
}

static void *talks(void *argument) {
    uint64_t state = (uint64_t)(uintptr_t)argument + 1, hash = HASH_START;
    char *message = malloc(LARGEST), *back = malloc(LARGEST);
    CHECK(message && back);
    int connection = tcp_connect(port);
    for (int i = 0; i < MESSAGES; i++) {
        size_t size = 1 + random_next(&state) % (i % 10 == 9 ? LARGEST : 600);
        for (size_t j = 0; j < size; j++) message[j] = (char)random_next(&state);
        memset(back, 0, size);
        while (!exchange(connection, message, back, size)) {
            CHECK(may_reconnect);
            CHECK(close(connection) == 0);
            CHECK_EVENTUALLY((connection = tcp_try_connect(port)) >= 0);
        }
        CHECK(memcmp(message, back, size) == 0);
        hash = hash_bytes(hash, back, size);
    }
    // We close first: the server sees an orderly end.
    char rest;
    CHECK(shutdown(connection, SHUT_WR) == 0 || may_reconnect);
    CHECK(recv(connection, &rest, 1, 0) == 0 || may_reconnect);
    CHECK(close(connection) == 0);
    free(message), free(back);
    return (void *)hash;
}

int main(int argc, char **argv) {
    may_reconnect = argc > 1 && strcmp(argv[1], "reconnect") == 0;
    listener = tcp_listen(0, &port);
    pthread_t server = thread_start(serves, NULL), clients[CLIENTS];
    for (uintptr_t i = 0; i < CLIENTS; i++) clients[i] = thread_start(talks, (void *)i);
    uint64_t hash = 0;
    for (int i = 0; i < CLIENTS; i++) hash ^= (uint64_t)thread_join(clients[i]);
    stopping = 1;
    CHECK(close(tcp_connect(port)) == 0);
    thread_join(server);
    CHECK_EVENTUALLY(connections == 0);
    CHECK(close(listener) == 0);
    printf("%d messages, checksum %016llx\n", CLIENTS * MESSAGES, (unsigned long long)hash);
    return check_ok();
}
