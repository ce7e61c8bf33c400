// FIFOs: opening waits for the other end, unless told not to; a signal ends the wait; the last writer's close is end of
// file.
#include "scratch.h"
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>

static int64_t opened_at;

static void *open_for_writing(void *argument) {
    sleep_us(30000);
    opened_at = clock_ns(CLOCK_MONOTONIC);
    int end = file_open("fifo", O_WRONLY);
    if (argument) CHECK(write(end, argument, strlen(argument)) == (ssize_t)strlen(argument));
    CHECK(close(end) == 0);
    return NULL;
}

static void *open_for_reading(void *argument) {
    sleep_us(30000);
    opened_at = clock_ns(CLOCK_MONOTONIC);
    int end = file_open("fifo", O_RDONLY);
    char text[8];
    CHECK(read(end, text, sizeof text) == 4 && memcmp(text, argument, 4) == 0 && close(end) == 0);
    return NULL;
}

static volatile int interrupted;

// Again and again: the first may come before the open has begun.
static void *interrupt(void *argument) {
    while (!interrupted) {
        sleep_us(10000);
        CHECK_EQUAL(pthread_kill(*(pthread_t *)argument, SIGUSR1), 0);
    }
    return NULL;
}

static void on_signal(int number) { (void)number; }

int main(void) {
    scratch_enter();
    char text[8];
    CHECK(mkfifo("fifo", 0600) == 0);

    // The reader waits for a writer, and reads what it wrote, and then the end.
    pthread_t other = thread_start(open_for_writing, "line");
    int end = file_open("fifo", O_RDONLY);
    CHECK(opened_at != 0);
    CHECK(read(end, text, sizeof text) == 4 && memcmp(text, "line", 4) == 0);
    CHECK_EQUAL(read(end, text, sizeof text), 0);
    thread_join(other);
    CHECK(close(end) == 0);
    // A writer that only comes and goes is a writer, too.
    other = thread_start(open_for_writing, NULL);
    end = file_open("fifo", O_RDONLY);
    CHECK_EQUAL(read(end, text, sizeof text), 0);
    thread_join(other);
    CHECK(close(end) == 0);
    // The writer waits for a reader.
    opened_at = 0;
    other = thread_start(open_for_reading, "more");
    end = file_open("fifo", O_WRONLY);
    CHECK(opened_at != 0 && write(end, "more", 4) == 4);
    thread_join(other);
    CHECK(close(end) == 0);
    printf("both ends ok\n");

    CHECK_FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    end = file_open("fifo", O_RDONLY | O_NONBLOCK);
    CHECK_EQUAL(read(end, text, sizeof text), 0); // nobody writes
    int writer = file_open("fifo", O_WRONLY | O_NONBLOCK);
    CHECK_FAILS(read(end, text, sizeof text), EAGAIN);
    CHECK_EQUAL(write(writer, "abc", 3), 3);
    int waiting;
    CHECK(ioctl(end, FIONREAD, &waiting) == 0 && waiting == 3);
    CHECK(close(writer) == 0 && read(end, text, sizeof text) == 3 && read(end, text, sizeof text) == 0);
    struct pollfd entry = { .fd = end, .events = POLLIN };
    CHECK(poll(&entry, 1, 0) == 1 && entry.revents == POLLHUP && close(end) == 0);
    // Both ends at once need nobody.
    end = file_open("fifo", O_RDWR);
    CHECK(write(end, "self", 4) == 4 && read(end, text, sizeof text) == 4 && close(end) == 0);
    printf("without waiting ok\n");

    struct sigaction action = { .sa_handler = on_signal };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    pthread_t self = pthread_self();
    interrupted = 0;
    other = thread_start(interrupt, &self);
    CHECK_FAILS(open("fifo", O_RDONLY), EINTR);
    interrupted = 1;
    thread_join(other);
    interrupted = 0;
    other = thread_start(interrupt, &self);
    CHECK_FAILS(open("fifo", O_WRONLY), EINTR);
    interrupted = 1;
    thread_join(other);
    CHECK(unlink("fifo") == 0);
    scratch_leave();
    printf("interruptions ok\n");
    return check_ok();
}
