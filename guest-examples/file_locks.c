// The three kinds of file locks: flock and open-file-description locks belong to what was opened and so exclude each
// other within one process; record locks belong to the process and do not.
#include "scratch.h"
#include <stdatomic.h>
#include <sys/file.h>

static atomic_int has_lock;
static int shared_counter;

static struct flock region(short type, off_t start, off_t length) {
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
}

static void *waits_for_flock(void *argument) {
    int file = file_open("file", O_RDWR);
    CHECK(flock(file, LOCK_EX) == 0);
    has_lock = 1;
    CHECK(close(file) == 0); // the last descriptor: unlocks
    return argument;
}

static void *increments(void *argument) {
    int file = file_open("file", O_RDWR);
    for (int i = 0; i < 100; i++) {
        struct flock whole = region(F_WRLCK, 0, 0);
        CHECK(fcntl(file, F_OFD_SETLKW, &whole) == 0);
        int before = shared_counter; // not atomic: the lock is the only protection
        if (i % 10 == 0) sleep_us(20);
        shared_counter = before + 1;
        whole.l_type = F_UNLCK;
        CHECK(fcntl(file, F_OFD_SETLK, &whole) == 0);
    }
    CHECK(close(file) == 0);
    return argument;
}

int main(void) {
    scratch_enter();
    file_write("file", "0123456789", 10);
    int first = file_open("file", O_RDWR), second = file_open("file", O_RDWR), copy = dup(first);

    CHECK(flock(first, LOCK_SH) == 0 && flock(second, LOCK_SH | LOCK_NB) == 0);
    CHECK_FAILS(flock(second, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK(flock(second, LOCK_UN) == 0 && flock(copy, LOCK_EX | LOCK_NB) == 0); // a duplicate is the same owner
    CHECK_FAILS(flock(second, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    pthread_t waiter = thread_start(waits_for_flock, NULL);
    sleep_us(3000);
    CHECK_EQUAL(has_lock, 0);
    CHECK(close(copy) == 0 && has_lock == 0); // still held through the other descriptor
    CHECK(flock(first, LOCK_UN) == 0);
    thread_join(waiter);
    CHECK_EQUAL(has_lock, 1);
    CHECK_FAILS(flock(0x7fff, LOCK_SH), EBADF);
    CHECK_FAILS(flock(first, 77), EINVAL);
    printf("flock ok\n");

    // Record locks: one process, so nothing conflicts, and no lock is reported as somebody else's.
    struct flock lock = region(F_WRLCK, 2, 3), query = region(F_WRLCK, 0, 0);
    CHECK(fcntl(first, F_SETLK, &lock) == 0);
    lock = region(F_WRLCK, 0, 10);
    CHECK(fcntl(second, F_SETLK, &lock) == 0);
    CHECK(fcntl(second, F_GETLK, &query) == 0 && query.l_type == F_UNLCK);
    // Seen from an open-file-description lock they are somebody else's, with this process's id.
    query = region(F_WRLCK, 5, 1);
    CHECK(fcntl(second, F_OFD_GETLK, &query) == 0 && query.l_type == F_WRLCK && query.l_pid == getpid());
    lock = region(F_RDLCK, 5, 1);
    CHECK_FAILS(fcntl(second, F_OFD_SETLK, &lock), EAGAIN);
    // Closing any descriptor of the file drops the process's record locks.
    CHECK(close(file_open("file", O_RDONLY)) == 0);
    query = region(F_WRLCK, 0, 0);
    CHECK(fcntl(second, F_OFD_GETLK, &query) == 0 && query.l_type == F_UNLCK);
    printf("record locks ok\n");

    lock = region(F_WRLCK, 0, 5);
    CHECK(fcntl(first, F_OFD_SETLK, &lock) == 0);
    lock = region(F_RDLCK, 4, 5);
    CHECK_FAILS(fcntl(second, F_OFD_SETLK, &lock), EAGAIN);
    lock = region(F_RDLCK, 5, 5);
    CHECK(fcntl(second, F_OFD_SETLK, &lock) == 0);
    query = region(F_WRLCK, 0, 0);
    CHECK(fcntl(second, F_OFD_GETLK, &query) == 0 && query.l_type == F_WRLCK && query.l_start == 0 &&
          query.l_len == 5 && query.l_pid == -1);
    CHECK(close(first) == 0 && close(second) == 0);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) threads[i] = thread_start(increments, NULL);
    for (int i = 0; i < 3; i++) thread_join(threads[i]);
    CHECK_EQUAL(shared_counter, 300);
    CHECK(unlink("file") == 0);
    scratch_leave();
    return check_ok();
}
