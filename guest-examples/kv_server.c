// A key-value server on epoll in one thread, and clients that check every answer: SET key value, GET key, INCR key
// client number. `kv_server PORT` serves on that port (0: any, it says which) until SIGTERM, with nothing but the
// server running. `kv_server test reconnect`: the clients may have to connect again (a takeover); INCR carries the
// client's request number, so that one asked twice is done once.
#include "tcp.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { SLOTS = 4096, CLIENTS = 4, REQUESTS = 150, DESCRIPTORS = 1024, LINE = 256 };
static struct entry { char key[32], value[64]; } table[SLOTS];
static struct { long number, result; } last_request[64];
static struct {
    char in[4096], out[16384];
    size_t in_size, out_size;
} buffers[DESCRIPTORS];
static int epoll, doorbell, listener, may_reconnect;
static uint16_t port;

static struct entry *find(const char *key) { // an unused slot if there is none
    for (uint64_t i = hash_bytes(HASH_START, key, strlen(key));; i++) {
        struct entry *entry = &table[i % SLOTS];
        if (entry->key[0] == 0 || strcmp(entry->key, key) == 0) return entry;
    }
}

static void answer(const char *line, char *out, size_t size) {
    char key[32], value[64];
    unsigned client;
    long number;
    if (sscanf(line, "SET %31s %63s", key, value) == 2) {
        struct entry *entry = find(key);
        strcpy(entry->key, key);
        strcpy(entry->value, value);
        snprintf(out, size, "OK\n");
    } else if (sscanf(line, "GET %31s", key) == 1) {
        struct entry *entry = find(key);
        snprintf(out, size, "%s\n", entry->key[0] ? entry->value : "NONE");
    } else if (sscanf(line, "INCR %31s %u %ld", key, &client, &number) == 3 && client < 64) {
        if (last_request[client].number != number) {
            struct entry *entry = find(key);
            strcpy(entry->key, key);
            last_request[client].number = number;
            last_request[client].result = atol(entry->value) + 1;
            snprintf(entry->value, sizeof entry->value, "%ld", last_request[client].result);
        }
        snprintf(out, size, "%ld\n", last_request[client].result);
    } else {
        snprintf(out, size, "ERROR\n");
    }
}

static int move(int c) { // reads, answers whole lines, writes; false: this connection is over
    ssize_t n = recv(c, buffers[c].in + buffers[c].in_size, sizeof buffers[c].in - buffers[c].in_size, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return 0;
    if (n > 0) buffers[c].in_size += (size_t)n;
    char *start = buffers[c].in, *end;
    while (buffers[c].out_size + LINE < sizeof buffers[c].out &&
           (end = memchr(start, '\n', (size_t)(buffers[c].in + buffers[c].in_size - start)))) {
        *end = 0;
        answer(start, buffers[c].out + buffers[c].out_size, LINE);
        buffers[c].out_size += strlen(buffers[c].out + buffers[c].out_size);
        start = end + 1;
    }
    buffers[c].in_size -= (size_t)(start - buffers[c].in);
    memmove(buffers[c].in, start, buffers[c].in_size);
    if (buffers[c].in_size == sizeof buffers[c].in) return 0; // a line that never ends
    n = send(c, buffers[c].out, buffers[c].out_size, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return 0;
    if (n > 0) memmove(buffers[c].out, buffers[c].out + n, buffers[c].out_size -= (size_t)n);
    struct epoll_event event = { .events = buffers[c].out_size ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.fd = c };
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, c, &event) == 0);
    return 1;
}

static void *serves(void *argument) {
    for (;;) {
        struct epoll_event events[16];
        int count = epoll_wait(epoll, events, 16, -1);
        CHECK(count > 0 || errno == EINTR);
        for (int i = 0; i < count; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == doorbell) return argument;
            if (descriptor == listener) {
                int connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (connection < 0) continue;
                CHECK(connection < DESCRIPTORS);
                buffers[connection].in_size = buffers[connection].out_size = 0;
                struct epoll_event event = { .events = EPOLLIN, .data.fd = connection };
                CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, connection, &event) == 0);
            } else if (!move(descriptor)) {
                CHECK(close(descriptor) == 0);
            }
        }
    }
}

static void ask(int *connection, char *reply, const char *format, ...) {
    char line[LINE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (size_t got = 0;;) {
        ssize_t n = got ? 1 : send_all(*connection, line, (size_t)length);
        if (n > 0) n = recv(*connection, reply + got, 1, 0);
        if (n > 0 && reply[got++] != '\n') continue;
        if (n > 0) {
            reply[got - 1] = 0;
            return;
        }
        CHECK(may_reconnect);
        got = 0;
        CHECK(close(*connection) == 0);
        CHECK_EVENTUALLY((*connection = tcp_try_connect(port)) >= 0);
    }
}

static void *talks(void *argument) {
    int self = (int)(intptr_t)argument, connection = tcp_connect(port), model[10] = { 0 };
    uint64_t state = (uint64_t)self;
    char reply[LINE], expected[LINE];
    for (int i = 1; i <= REQUESTS; i++) {
        int key = (int)(random_next(&state) % 10);
        ask(&connection, reply, "SET key-%d-%d value-%d\n", self, key, model[key] = i);
        CHECK(strcmp(reply, "OK") == 0);
        key = (int)(random_next(&state) % 10);
        ask(&connection, reply, "GET key-%d-%d\n", self, key);
        snprintf(expected, sizeof expected, "value-%d", model[key]);
        CHECK(strcmp(reply, model[key] ? expected : "NONE") == 0);
        ask(&connection, reply, "INCR mine-%d %d %d\n", self, self, 2 * i);
        CHECK_EQUAL(atoi(reply), i);
        ask(&connection, reply, "INCR shared %d %d\n", self, 2 * i + 1);
        CHECK(atoi(reply) >= i && atoi(reply) <= REQUESTS * CLIENTS);
    }
    CHECK(close(connection) == 0);
    return NULL;
}

int main(int argc, char **argv) {
    int standalone = argc > 1 && strcmp(argv[1], "test") != 0;
    may_reconnect = argc > 2 && strcmp(argv[2], "reconnect") == 0;
    sigset_t terminate;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &terminate, NULL), 0);

    listener = tcp_listen((uint16_t)(standalone ? atoi(argv[1]) : 0), &port);
    CHECK(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    doorbell = eventfd(0, EFD_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener },
                       ring = { .events = EPOLLIN, .data.fd = doorbell };
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == 0 &&
          epoll_ctl(epoll, EPOLL_CTL_ADD, doorbell, &ring) == 0);
    pthread_t server = thread_start(serves, NULL), clients[CLIENTS];
    if (standalone) {
        printf("listening on %d\n", port);
        int signal;
        CHECK_EQUAL(sigwait(&terminate, &signal), 0);
    } else {
        for (intptr_t i = 0; i < CLIENTS; i++) clients[i] = thread_start(talks, (void *)i);
        for (int i = 0; i < CLIENTS; i++) thread_join(clients[i]);
        CHECK_EQUAL(atoi(find("shared")->value), CLIENTS * REQUESTS);
        printf("%d requests answered\n", CLIENTS * REQUESTS * 4);
    }
    CHECK_EQUAL(write(doorbell, &(uint64_t){ 1 }, 8), 8);
    thread_join(server);
    return check_ok();
}
