// Calls that move data inside the kernel: sendfile, copy_file_range, splice, tee, and those that shape a file without
// writing: fallocate, holes. What arrives is compared with what was sent; the positions must have moved as far.
#include "scratch.h"
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { SIZE = 100000 };
static char data[SIZE], back[SIZE];

static void check_copy(const char *name, off_t skipped) {
    int file = file_open(name, O_RDONLY);
    memset(back, 0, SIZE);
    CHECK_EQUAL(read(file, back, SIZE), SIZE - skipped);
    CHECK(memcmp(back, data + skipped, (size_t)(SIZE - skipped)) == 0 && close(file) == 0 && unlink(name) == 0);
}

static void *drains(void *descriptor) {
    size_t got = 0;
    memset(back, 0, SIZE);
    for (ssize_t n; (n = read(*(int *)descriptor, back + got, SIZE - got)) > 0; got += (size_t)n) {}
    return (void *)got;
}

int main(void) {
    scratch_enter();
    uint64_t state = 9;
    for (int i = 0; i < SIZE; i++) data[i] = (char)random_next(&state);
    file_write("source", data, SIZE);
    int source = file_open("source", O_RDWR), target, sockets[2], ends[2], more[2];

    target = file_open("sent", O_CREAT | O_RDWR);
    for (off_t at = 0; at < SIZE;) CHECK(sendfile(target, source, &at, 30000) > 0);
    CHECK_EQUAL(lseek(source, 0, SEEK_CUR), 0); // with an offset the position is not used
    CHECK_EQUAL(lseek(target, 0, SEEK_CUR), SIZE);
    CHECK(close(target) == 0);
    check_copy("sent", 0);
    // To a socket whose reader is slower than we are.
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    pthread_t reader = thread_start(drains, &sockets[1]);
    for (ssize_t sent = 0; sent < SIZE;) {
        ssize_t n = sendfile(sockets[0], source, NULL, SIZE);
        CHECK(n > 0);
        sent += n;
    }
    CHECK_EQUAL(lseek(source, 0, SEEK_CUR), SIZE);
    CHECK_EQUAL(sendfile(sockets[0], source, NULL, 10), 0); // at the end
    CHECK(close(sockets[0]) == 0);
    CHECK_EQUAL((size_t)thread_join(reader), SIZE);
    CHECK(memcmp(back, data, SIZE) == 0 && close(sockets[1]) == 0);
    printf("sendfile ok\n");

    target = file_open("ranged", O_CREAT | O_RDWR);
    loff_t from = 1000, to = 0;
    while (from < SIZE) CHECK(copy_file_range(source, &from, target, &to, SIZE, 0) > 0);
    CHECK(to == SIZE - 1000 && close(target) == 0);
    check_copy("ranged", 1000);
    printf("copy_file_range ok\n");

    // File to pipe to file, with a second pipe that sees the same bytes.
    CHECK(pipe(ends) == 0 && pipe(more) == 0 && lseek(source, 0, SEEK_SET) == 0);
    target = file_open("spliced", O_CREAT | O_RDWR);
    for (ssize_t total = 0; total < SIZE;) {
        ssize_t in = splice(source, NULL, ends[1], NULL, 4096, 0);
        CHECK(in > 0);
        CHECK_EQUAL(tee(ends[0], more[1], 4096, 0), in);
        for (ssize_t left = in; left > 0;) {
            ssize_t out = splice(ends[0], NULL, target, NULL, (size_t)left, SPLICE_F_MOVE);
            CHECK(out > 0);
            left -= out;
        }
        CHECK_EQUAL(read(more[0], back, SIZE), in);
        CHECK(memcmp(back, data + total, (size_t)in) == 0);
        total += in;
    }
    CHECK_FAILS(splice(ends[0], NULL, target, NULL, 10, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_FAILS(splice(source, NULL, target, NULL, 10, 0), EINVAL); // neither is a pipe
    CHECK(close(target) == 0);
    check_copy("spliced", 0);
    for (int i = 0; i < 2; i++) CHECK(close(ends[i]) == 0 && close(more[i]) == 0);
    printf("splice ok\n");

    struct stat status;
    CHECK(posix_fallocate(source, SIZE, 5000) == 0 && fstat(source, &status) == 0 && status.st_size == SIZE + 5000);
    char zeroes[5000], tail[5000];
    memset(zeroes, 0, sizeof zeroes);
    CHECK(pread(source, tail, 5000, SIZE) == 5000 && memcmp(tail, zeroes, 5000) == 0);
    // A hole in the middle reads as zeroes and leaves the size alone, where the file system can do it.
    if (fallocate(source, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192) == 0)
        memset(data + 4096, 0, 8192);
    else
        CHECK(errno == EOPNOTSUPP || errno == ENOSYS);
    CHECK(pread(source, back, SIZE, 0) == SIZE && memcmp(back, data, SIZE) == 0);
    CHECK(fstat(source, &status) == 0 && status.st_size == SIZE + 5000);
    CHECK_FAILS(fallocate(source, 0, -1, 5), EINVAL);
    CHECK(posix_fadvise(source, 0, 0, POSIX_FADV_SEQUENTIAL) == 0 && syncfs(source) == 0);
    CHECK(close(source) == 0 && unlink("source") == 0);
    scratch_leave();
    return check_ok();
}
