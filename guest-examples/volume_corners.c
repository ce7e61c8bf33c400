// Odd ways to change files, each of which a replicated volume has to follow: by descriptors that came through a socket,
// by links of /proc, in directories that are gone, at places where no file can be.
//
// With a directory as its argument it works there and leaves everything, for somebody else to compare.
#define _GNU_SOURCE
#include "scratch.h"
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20
#endif

// A pipe's bytes stay in it when the place in the file is none.
static void bad_places(void) {
    int pipe_ends[2];
    CHECK(pipe(pipe_ends) == 0 && write(pipe_ends[1], "ab", 2) == 2);
    int file = file_open("places", O_CREAT | O_RDWR);
    for (loff_t place = -3; place < 0; place++) {
        loff_t offset = place;
        CHECK_FAILS(splice(pipe_ends[0], NULL, file, &offset, 2, 0), EINVAL);
    }
    char bytes[2];
    CHECK(read(pipe_ends[0], bytes, 2) == 2 && bytes[0] == 'a');
    CHECK_EQUAL(write(file, "0123456789", 10), 10);
    // Which error it is, is the file system's to say.
    loff_t from = 0, to = INT64_MAX - 1;
    CHECK(copy_file_range(file, &from, file, &to, 100, 0) < 0);
    CHECK(close(file) == 0 && close(pipe_ends[0]) == 0 && close(pipe_ends[1]) == 0);
}

static void removed_directory(void) {
    CHECK(mkdir("gone", 0700) == 0);
    int directory = file_open("gone", O_RDONLY | O_DIRECTORY);
    CHECK(rmdir("gone") == 0);
    int again = openat(directory, ".", O_RDONLY | O_DIRECTORY);
    CHECK(again >= 0 && fchmodat(directory, ".", 0750, 0) == 0 && fchmod(again, 0700) == 0);
    CHECK_FAILS(openat(directory, "file", O_CREAT | O_WRONLY, 0600), ENOENT);
    CHECK(close(again) == 0 && close(directory) == 0);
}

static void by_links(void) {
    CHECK(mkdir("under", 0700) == 0 && symlink("under/made", "dangling") == 0);
    int file = file_open("dangling", O_CREAT | O_WRONLY);
    CHECK(write(file, "made", 4) == 4 && close(file) == 0);
    CHECK_FAILS(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
    CHECK(symlink("/proc/self/cwd", "here") == 0);
    file = file_open("here/through", O_CREAT | O_WRONLY);
    CHECK(write(file, "through", 7) == 7 && close(file) == 0);
    CHECK(unlink("here") == 0);
}

static void by_descriptors(void) {
    char path[64];
    int directory = file_open(".", O_RDONLY | O_DIRECTORY);
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
    int file = open(path, O_TMPFILE | O_RDWR, 0600);
    if (file >= 0) {
        CHECK_EQUAL(write(file, "nameless", 8), 8);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        CHECK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0 && close(file) == 0);
    }
    file_write("reopened", "0123456789", 10);
    file = file_open("reopened", O_RDONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int other = open(path, O_WRONLY | O_TRUNC);
    CHECK(other >= 0 && write(other, "new", 3) == 3 && close(other) == 0 && close(file) == 0);

    CHECK(mkfifo("fifo", 0600) == 0);
    file = file_open("fifo", O_RDWR);
    CHECK(fchmod(file, 0640) == 0 && close(file) == 0);
    struct timespec times[2] = {{1, 0}, {2, 0}};
    CHECK(symlink("nowhere", "link") == 0);
    CHECK(utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW) == 0);
    file = file_open("link", O_PATH | O_NOFOLLOW);
    CHECK(fchownat(file, "", getuid(), getgid(), AT_EMPTY_PATH) == 0 && close(file) == 0 && close(directory) == 0);
}

// Sent, closed, and received: the same file.
static void through_socket(void) {
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    char byte = 'x';
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    int file = file_open("sent", O_CREAT | O_RDWR);
    memcpy(CMSG_DATA(head), &file, sizeof file);
    CHECK(sendmsg(ends[0], &message, 0) == 1 && close(file) == 0);
    CHECK(recvmsg(ends[1], &message, 0) == 1);
    memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof file);
    CHECK(write(file, "received", 8) == 8 && fchmod(file, 0644) == 0 && ftruncate(file, 6) == 0);
    CHECK(close(file) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void odd_writes(void) {
    int file = file_open("appended", O_CREAT | O_RDWR | O_APPEND);
    CHECK_EQUAL(write(file, "0123456789", 10), 10);
    struct iovec piece = {"ab", 2};
    // Since Linux 6.9.
    if (pwritev2(file, &piece, 1, 2, RWF_NOAPPEND) < 0) CHECK(errno == EOPNOTSUPP || errno == EINVAL);
    CHECK(close(file) == 0);

    void *page;
    CHECK(posix_memalign(&page, 4096, 8192) == 0);
    memset(page, 'd', 8192);
    file = open("direct", O_CREAT | O_RDWR | O_DIRECT, 0600);
    // Some file systems have no direct I/O, and say so when the file is made already.
    if (file < 0) file = file_open("direct", O_CREAT | O_RDWR);
    CHECK(write(file, page, 8192) == 8192 && pwrite(file, page, 4096, 4096) == 4096 && close(file) == 0);
    free(page);
}

static void attributes(void) {
    file_write("trusted", "", 0);
    // VFS_CAP_REVISION_2, cap_net_bind_service: only root may give them. A new mode leaves them as they are.
    unsigned capabilities[5] = {0x02000001, 1 << 10, 0, 0, 0};
    int may = setxattr("trusted", "security.capability", capabilities, sizeof capabilities, 0) == 0;
    CHECK(chmod("trusted", 0755) == 0);
    if (may) CHECK_EQUAL(getxattr("trusted", "security.capability", NULL, 0), 20);
    if (setxattr("trusted", "user.colour", "value", 5, 0) != 0) CHECK_EQUAL(errno, EOPNOTSUPP);
}

// Of two places that a name cannot be moved between, the first one's directory is looked for before the second's, and
// both before either name.
static void both_refused(void) {
    CHECK(close(file_open("plain", O_CREAT | O_WRONLY)) == 0 && symlink("nowhere", "lost") == 0);
    CHECK_FAILS(rename("plain/a", "lost/b"), ENOTDIR);
    CHECK_FAILS(rename("lost/a", "plain/b"), ENOENT);
    CHECK_FAILS(rename("missing", "plain/b"), ENOTDIR);
    CHECK_FAILS(rename("missing", "lost/b"), ENOENT);
    CHECK_FAILS(rename("missing", "plain"), ENOENT);
    CHECK_FAILS(link("missing", "plain/b"), ENOENT);
    CHECK_FAILS(link("plain", "lost/b"), ENOENT);
    CHECK(unlink("plain") == 0 && unlink("lost") == 0);
}

int main(int argc, char **argv) {
    if (argc > 1) CHECK(chdir(argv[1]) == 0);
    else scratch_enter();
    bad_places();
    removed_directory();
    by_links();
    by_descriptors();
    through_socket();
    odd_writes();
    attributes();
    both_refused();
    if (argc == 1) scratch_remove_all();
    return check_ok();
}
