// redis-load PORT CLIENTS PIPELINE MILLISECONDS [wait]: clients that set keys of a redis-server on this machine.
//
// Each client sends PIPELINE requests at once, and the next as soon as all are answered. With `wait` a WAIT 1 follows
// each such batch: its requests count as answered when a replica has them. The first fifth of the time is not counted.
// Prints requests a second, p50, p99 and maximum of their latencies in microseconds, and how many requests were
// answered in all, uncounted ones included. Anything but the right answers is an error.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guests.h"

enum {
    CLIENTS_MAX = 1000,
    PIPELINE_MAX = 64,
    KEYS = 10000,
    VALUE_MIN = 32,
    VALUE_MAX = 100,
    REQUEST_MAX = 200,
    LINE_MAX = 200,
    // Buckets of equal width within each power of two, as HdrHistogram has them (Tene): an error of 1/32 at most.
    SUB_BUCKET_BITS = 5,
    SUB_BUCKETS = 1 << SUB_BUCKET_BITS,
    PATIENCE_MILLISECONDS = 20000,
};

struct client {
    int socket;
    uint64_t sent;
    // Answers to SET that are still to come, then the one to WAIT.
    int answers_left;
    int waits_left;
    char line[LINE_MAX];
    int line_length;
};

static struct client clients[CLIENTS_MAX];
static int client_count, pipeline, waits;
static uint64_t counted_from, counted_until;
static uint64_t buckets[64 * SUB_BUCKETS], answered, answered_in_all, slowest;
// What values are cut from.
static char value_bytes[4096];
static uint64_t random_state = 0x9e3779b97f4a7c15;

// xorshift64* (Vigna): the same load each time.
static uint64_t random_below(uint64_t limit) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545f4914f6cdd1d >> 32) % limit;
}

static int fail(const char *what) {
    fprintf(stderr, "redis-load: %s\n", what);
    return 1;
}

// MARK: - Latencies

static int bucket_of(uint64_t nanoseconds) {
    if (nanoseconds < SUB_BUCKETS) return (int)nanoseconds;
    int exponent = 63 - __builtin_clzll(nanoseconds);
    int shift = exponent - SUB_BUCKET_BITS;
    return (shift + 1) * SUB_BUCKETS + (int)((nanoseconds >> shift) - SUB_BUCKETS);
}

// The middle of a bucket.
static double bucket_value(int bucket) {
    if (bucket < SUB_BUCKETS) return bucket;
    int shift = bucket / SUB_BUCKETS - 1;
    uint64_t low = (uint64_t)(SUB_BUCKETS + bucket % SUB_BUCKETS) << shift;
    return (double)low + (double)(1ull << shift) / 2;
}

static double quantile(double fraction) {
    uint64_t wanted = (uint64_t)((double)answered * fraction), seen = 0;
    for (int bucket = 0; bucket < 64 * SUB_BUCKETS; bucket++) {
        seen += buckets[bucket];
        if (seen > wanted) return bucket_value(bucket);
    }
    return (double)slowest;
}

static void count_answers(const struct client *client, int count, uint64_t now) {
    answered_in_all += (uint64_t)count;
    if (now < counted_from || now >= counted_until) return;
    uint64_t latency = now - client->sent;
    buckets[bucket_of(latency)] += (uint64_t)count;
    answered += (uint64_t)count;
    if (latency > slowest) slowest = latency;
}

// MARK: - Requests and answers

static void fill_value_bytes(void) {
    for (unsigned index = 0; index < sizeof value_bytes; index++) value_bytes[index] = (char)('a' + random_below(26));
}

static int write_request(char *place) {
    int value_length = VALUE_MIN + (int)random_below(VALUE_MAX - VALUE_MIN + 1);
    int length = sprintf(
        place, "*3\r\n$3\r\nSET\r\n$14\r\nkey:%010d\r\n$%d\r\n", (int)random_below(KEYS), value_length);
    memcpy(place + length, value_bytes + random_below(sizeof value_bytes - VALUE_MAX), (size_t)value_length);
    memcpy(place + length + value_length, "\r\n", 2);
    return length + value_length + 2;
}

static int send_batch(struct client *client) {
    static char batch[PIPELINE_MAX * REQUEST_MAX + REQUEST_MAX];
    int length = 0;
    for (int index = 0; index < pipeline; index++) length += write_request(batch + length);
    if (waits) length += sprintf(batch + length, "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n5000\r\n");
    client->answers_left = pipeline;
    client->waits_left = waits;
    client->sent = guest_nanoseconds();
    // Small enough for the kernel to take it whole.
    return send(client->socket, batch, (size_t)length, MSG_NOSIGNAL) == length ? 0 : fail("a request cannot be sent");
}

// A whole line, without its end, which arrived at `now`.
static int take_answer(struct client *client, uint64_t now) {
    client->line[client->line_length] = 0;
    client->line_length = 0;
    if (client->answers_left > 0) {
        if (strcmp(client->line, "+OK") != 0) return fail(client->line);
        client->answers_left--;
        if (!waits) count_answers(client, 1, now);
        return 0;
    }
    if (client->waits_left == 0) return fail("an answer too many");
    if (client->line[0] != ':' || atoi(client->line + 1) < 1) return fail("no replica has what was set");
    client->waits_left--;
    count_answers(client, pipeline, now);
    return 0;
}

static int take_bytes(struct client *client, const char *bytes, ssize_t count, uint64_t now) {
    for (ssize_t index = 0; index < count; index++) {
        if (bytes[index] == '\n' && client->line_length > 0 && client->line[client->line_length - 1] == '\r') {
            client->line_length--;
            if (take_answer(client, now) != 0) return 1;
            continue;
        }
        if (client->line_length == LINE_MAX - 1) return fail("an answer is too long");
        client->line[client->line_length++] = bytes[index];
    }
    return 0;
}

static int receive(struct client *client) {
    static char bytes[1 << 16];
    ssize_t count = recv(client->socket, bytes, sizeof bytes, 0);
    if (count == 0) return fail("the server has closed a connection");
    if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : fail(strerror(errno));
    return take_bytes(client, bytes, count, guest_nanoseconds());
}

// MARK: - All of it

static int connect_client(struct client *client, int port, int poller) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->socket < 0 || connect(client->socket, (struct sockaddr *)&address, sizeof address) != 0)
        return fail(strerror(errno));
    setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    return epoll_ctl(poller, EPOLL_CTL_ADD, client->socket, &event) == 0 ? 0 : fail(strerror(errno));
}

// Until the time is over and all that was asked is answered.
static int run_load(int poller) {
    int busy = client_count;
    for (int index = 0; index < client_count; index++)
        if (send_batch(&clients[index]) != 0) return 1;
    while (busy > 0) {
        struct epoll_event events[256];
        int count = epoll_wait(poller, events, 256, PATIENCE_MILLISECONDS);
        if (count == 0) return fail("no answer within 20 s");
        if (count < 0 && errno != EINTR) return fail(strerror(errno));
        for (int index = 0; index < count; index++) {
            struct client *client = events[index].data.ptr;
            if (receive(client) != 0) return 1;
            if (client->answers_left > 0 || client->waits_left > 0) continue;
            if (guest_nanoseconds() >= counted_until) {
                busy--;
            } else if (send_batch(client) != 0) {
                return 1;
            }
        }
    }
    return 0;
}

int guest_redis_load(int count, char **words) {
    if (count != 4 && (count != 5 || strcmp(words[4], "wait") != 0)) return 64;
    int port = atoi(words[0]), milliseconds = atoi(words[3]);
    client_count = atoi(words[1]);
    pipeline = atoi(words[2]);
    waits = count == 5;
    if (client_count < 1 || client_count > CLIENTS_MAX || pipeline < 1 || pipeline > PIPELINE_MAX) return 64;
    if (port < 1 || port > 65535 || milliseconds < 1) return 64;
    fill_value_bytes();
    int poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) return fail(strerror(errno));
    for (int index = 0; index < client_count; index++)
        if (connect_client(&clients[index], port, poller) != 0) return 1;
    uint64_t duration = (uint64_t)milliseconds * 1000000, start = guest_nanoseconds();
    counted_from = start + duration / 5;
    counted_until = start + duration;
    if (run_load(poller) != 0) return 1;
    if (answered == 0) return fail("nothing was answered in time");
    double seconds = (double)(counted_until - counted_from) / 1e9;
    printf("%.1f %.2f %.2f %.2f %llu\n", (double)answered / seconds, quantile(0.5) / 1e3, quantile(0.99) / 1e3,
           (double)slowest / 1e3, (unsigned long long)answered_in_all);
    return 0;
}
