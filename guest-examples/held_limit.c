// Writers whose readers do not come after them: a connection, a Unix connection or a pipe that is full is not writable
// to anybody, and is again for everybody once it drains. Nothing is lost or changes its order.
//
// usage: held_limit                                  against readers of its own
//        held_limit PORT UNIX_PATH DONE_PORT         two clients of each kind, and two pipes as descriptors 3 and 4.
//                                                    Begins when it reads a byte, listens on DONE_PORT once it has seen
//                                                    that all is full and stays full, and expects it to drain then
#include "tcp.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/un.h>

enum { KINDS = 3, WAYS = 5, TOTAL = 1 << 20, PIECE = 4096, HELD_MAX = 256 << 10 };
static struct kind {
    int open, blocking;          // one descriptor does not block, the other does
    int level, edge;             // epoll sets with the first
    size_t written;              // to the first
    atomic_size_t waited_for;    // to the second
    atomic_int writable[WAYS];   // who has been told so
} kinds[KINDS];
static atomic_int may_read;
// A host's TCP moves bytes on, and takes a few more, long after it was full: only one that is held stays as it is.
static int first_kind = 1;

// The same bytes on every descriptor.
static const unsigned char *piece_at(size_t position) {
    static _Thread_local unsigned char piece[PIECE];
    for (size_t i = 0; i < PIECE; i++) piece[i] = (unsigned char)((position + i) * 2654435761u >> 24);
    return piece;
}

static void fill(struct kind *kind) { // as far as it goes
    ssize_t n;
    while (kind->written < TOTAL &&
           (n = write(kind->open, piece_at(kind->written),
                      TOTAL - kind->written < PIECE ? TOTAL - kind->written : PIECE)) >= 0)
        kind->written += (size_t)n;
    CHECK(kind->written == TOTAL || errno == EAGAIN);
}

static int epoll_out(int set, int timeout) {
    struct epoll_event event;
    int count = epoll_wait(set, &event, 1, timeout);
    CHECK(count >= 0 && (count == 0 || event.events == EPOLLOUT));
    return count;
}

static int poll_out(struct kind *kind, int timeout) {
    struct pollfd entry = { kind->open, POLLOUT, 0 };
    int count = poll(&entry, 1, timeout);
    CHECK(count >= 0 && (count == 0 || entry.revents == POLLOUT));
    return count;
}

static int select_out(struct kind *kind, int waits) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(kind->open, &set);
    struct timeval none = { 0, 0 };
    int count = select(kind->open + 1, NULL, &set, NULL, waits ? NULL : &none);
    CHECK(count >= 0);
    return count;
}

static void *waits_by_poll(void *kind) { return (void *)(intptr_t)poll_out(kind, -1); }
static void *waits_by_select(void *kind) { return (void *)(intptr_t)select_out(kind, 1); }
static void *waits_by_level(void *kind) { return (void *)(intptr_t)epoll_out(((struct kind *)kind)->level, -1); }
static void *waits_by_edge(void *kind) { return (void *)(intptr_t)epoll_out(((struct kind *)kind)->edge, -1); }

static void *waits_by_write(void *argument) {
    struct kind *kind = argument;
    for (size_t done = 0; done < TOTAL;) {
        ssize_t n = write(kind->blocking, piece_at(done), TOTAL - done < PIECE ? TOTAL - done : PIECE);
        CHECK(n > 0);
        atomic_store(&kind->waited_for, done += (size_t)n);
    }
    return (void *)1;
}

static void *(*const ways[WAYS])(void *) = { waits_by_poll, waits_by_select, waits_by_level, waits_by_edge,
                                             waits_by_write };

static void *waits(void *told) { // `told` says for which kind and in which way
    for (int k = first_kind; k < KINDS; k++) {
        for (int way = 0; way < WAYS; way++) {
            if (told != &kinds[k].writable[way]) continue;
            CHECK_EQUAL((intptr_t)ways[way](&kinds[k]), 1);
            atomic_store(&kinds[k].writable[way], 1);
        }
    }
    return NULL;
}

static int epoll_with(int descriptor, uint32_t flags) {
    int set = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLOUT | flags };
    CHECK(set >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) == 0);
    CHECK_EQUAL(epoll_out(set, 0), 1);
    return set;
}

static void require_full(struct kind *kind) {
    CHECK_FAILS(write(kind->open, piece_at(kind->written), PIECE), EAGAIN); // a pipe may have room for less
    CHECK_EQUAL(poll_out(kind, 0), 0);
    CHECK_EQUAL(select_out(kind, 0), 0);
    CHECK_EQUAL(epoll_out(kind->level, 0), 0);
    CHECK_EQUAL(epoll_out(kind->edge, 0), 0);
    CHECK(kind->written < TOTAL);
    // What only files have is refused at once, and not once there is room.
    char byte = 0;
    CHECK_FAILS(fsync(kind->open), EINVAL);
    CHECK_FAILS(lseek(kind->open, 0, SEEK_SET), ESPIPE);
    CHECK_FAILS(pwrite(kind->open, &byte, 1, 0), ESPIPE);
}

static int accept_on(int listener) {
    int connection = accept(listener, NULL, NULL);
    CHECK(connection >= 0);
    return connection;
}

static void from_outside(const char *port, const char *path) {
    uint16_t chosen;
    int listener = tcp_listen((uint16_t)atoi(port), &chosen);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int unix_listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(unix_listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(unix_listener, 8) == 0);
    kinds[0].open = accept_on(listener);
    kinds[0].blocking = accept_on(listener);
    kinds[1].open = accept_on(unix_listener);
    kinds[1].blocking = accept_on(unix_listener);
    kinds[2].open = 3;
    kinds[2].blocking = 4;
    printf("ready\n");
    first_kind = 0;
    char byte;
    CHECK(read(STDIN_FILENO, &byte, 1) == 1);
}

static void *reads(void *end) {
    int descriptor = (int)(intptr_t)end;
    while (!atomic_load(&may_read)) sleep_us(1000);
    for (size_t done = 0; done < TOTAL;) {
        unsigned char bytes[PIECE];
        ssize_t n = read(descriptor, bytes, PIECE);
        CHECK(n > 0 && memcmp(bytes, piece_at(done), (size_t)n) == 0);
        done += (size_t)n;
    }
    return NULL;
}

static pthread_t *connect_own(pthread_t *readers) {
    for (int k = first_kind; k < KINDS; k++) {
        for (int i = 0; i < 2; i++) {
            int ends[2]; // to read from, to write to
            CHECK((k == 1 ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)) == 0);
            *(i ? &kinds[k].blocking : &kinds[k].open) = ends[1];
            *readers++ = thread_start(reads, (void *)(intptr_t)ends[0]);
        }
    }
    return readers;
}

static size_t told_count(void) {
    size_t count = 0;
    for (int k = first_kind; k < KINDS; k++)
        for (int way = 0; way < WAYS; way++) count += (size_t)atomic_load(&kinds[k].writable[way]);
    return count;
}

int main(int argc, char **argv) {
    pthread_t readers[2 * KINDS], *end = readers;
    signal(SIGPIPE, SIG_IGN);
    if (argc == 4) from_outside(argv[1], argv[2]);
    else end = connect_own(readers);
    size_t stood[KINDS];
    for (struct kind *kind = kinds + first_kind; kind < kinds + KINDS; kind++) {
        CHECK(fcntl(kind->open, F_SETFL, O_NONBLOCK) == 0);
        kind->level = epoll_with(kind->open, 0);
        kind->edge = epoll_with(kind->open, EPOLLET);
        fill(kind);
        if (argc == 4) CHECK(kind->written >= HELD_MAX / 2 && kind->written <= HELD_MAX);
        require_full(kind);
        for (int way = 0; way < WAYS; way++) thread_start(waits, &kind->writable[way]);
    }
    sleep_us(400000);
    for (int k = first_kind; k < KINDS; k++) stood[k] = atomic_load(&kinds[k].waited_for);
    sleep_us(200000);
    for (int k = first_kind; k < KINDS; k++) {
        require_full(&kinds[k]);
        CHECK(stood[k] > 0 && atomic_load(&kinds[k].waited_for) == stood[k]);
    }
    CHECK_EQUAL(told_count(), 0);
    uint16_t done;
    if (argc == 4) tcp_listen((uint16_t)atoi(argv[3]), &done);
    atomic_store(&may_read, 1);
    CHECK_EVENTUALLY(told_count() == (size_t)(KINDS - first_kind) * WAYS);
    for (struct kind *kind = kinds + first_kind; kind < kinds + KINDS; kind++) {
        for (fill(kind); kind->written < TOTAL; fill(kind)) CHECK_EQUAL(poll_out(kind, 20000), 1);
    }
    while (end > readers) thread_join(*--end);
    return check_ok();
}
