// Symbolic links to /proc/self/fd, and paths that come there by "..", lead to the program's own descriptors, and to
// nothing where it has none.
#include "scratch.h"
#include <stddef.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { NUMBERS = 40 };

static void change_own(void) {
    struct stat status;
    char target[64];
    int descriptor = file_open("file", O_CREAT | O_RDWR);
    CHECK_EQUAL(write(descriptor, "contents", 8), 8);
    snprintf(target, sizeof target, "/proc/self/fd/%d", descriptor);
    CHECK(symlink(target, "own") == 0 && symlink("own", "chain") == 0);
    CHECK(truncate("chain", 3) == 0);
    CHECK(fstat(descriptor, &status) == 0 && status.st_size == 3);
    CHECK(chmod("own", 0640) == 0);
    CHECK(fstat(descriptor, &status) == 0 && (status.st_mode & 0777) == 0640);
    int again = open("own", O_RDWR | O_TRUNC);
    CHECK(again >= 0 && fstat(descriptor, &status) == 0 && status.st_size == 0);
    CHECK(close(again) == 0 && close(descriptor) == 0);
    CHECK_FAILS(truncate("chain", 0), ENOENT);
    CHECK(unlink("own") == 0 && unlink("chain") == 0 && unlink("file") == 0);
}

// Whatever a supervisor may have open under that number.
static void change_nothing(int number) {
    char target[64];
    snprintf(target, sizeof target, "/proc/self/fd/%d", number);
    CHECK(symlink(target, "link") == 0);
    CHECK_FAILS(truncate("link", 0), ENOENT);
    CHECK_FAILS(chmod("link", 0600), ENOENT);
    CHECK_FAILS(chown("link", getuid(), getgid()), ENOENT);
    CHECK_FAILS(utimensat(AT_FDCWD, "link", NULL, 0), ENOENT);
    CHECK_FAILS(open("link", O_RDONLY), ENOENT);
    CHECK_FAILS(open("link", O_RDWR | O_TRUNC), ENOENT);
    CHECK_FAILS(open("/proc/self/cwd/link", O_RDONLY), ENOENT);
    CHECK_FAILS(chdir("link"), ENOENT);
    CHECK_FAILS(execve("link", (char *[]){"link", NULL}, (char *[]){NULL}), ENOENT);
    CHECK_FAILS(mkdir("link/below", 0700), ENOENT);
    CHECK_FAILS(rename("link/below", "link/above"), ENOENT);
    CHECK(unlink("link") == 0);
}

static void is_same(int descriptor, const char *path, int number) {
    char numbered[128];
    struct stat one, other;
    snprintf(numbered, sizeof numbered, path, number);
    int again = open(numbered, O_RDONLY);
    CHECK(again >= 0 && fstat(again, &one) == 0 && fstat(descriptor, &other) == 0);
    CHECK(one.st_ino == other.st_ino && one.st_dev == other.st_dev);
    CHECK(close(again) == 0);
}

static const char *const detours[] = {
    "/tmp/../proc/self/fd/%d", "/proc/self/net/../fd/%d", "/proc/self/root/../proc/self/fd/%d"};

static void come_by_detours(void) {
    int descriptor = file_open("file", O_CREAT | O_RDWR);
    for (size_t index = 0; index < sizeof detours / sizeof *detours; index++) {
        char numbered[128];
        is_same(descriptor, detours[index], descriptor);
        snprintf(numbered, sizeof numbered, detours[index], descriptor);
        CHECK(truncate(numbered, 100 + (off_t)index) == 0);
        struct stat status;
        CHECK(fstat(descriptor, &status) == 0 && status.st_size == 100 + (off_t)index);
        for (int number = 3; number < NUMBERS; number++) {
            if (fcntl(number, F_GETFD) >= 0) continue;
            snprintf(numbered, sizeof numbered, detours[index], number);
            CHECK_FAILS(open(numbered, O_RDWR | O_TRUNC), ENOENT);
            CHECK_FAILS(truncate(numbered, 0), ENOENT);
        }
    }
    CHECK(close(descriptor) == 0 && unlink("file") == 0);
}

// A number that nobody else is likely to have.
static void change_far(void) {
    int descriptor = file_open("file", O_CREAT | O_RDWR);
    CHECK_EQUAL(dup2(descriptor, 777), 777);
    CHECK(close(descriptor) == 0 && symlink("/proc/self/fd/777", "far") == 0);
    CHECK(truncate("far", 5) == 0);
    is_same(777, "far", 0);
    CHECK(close(777) == 0 && unlink("far") == 0 && unlink("file") == 0);
}

static void come_to_directories(void) {
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(directory >= 0);
    is_same(directory, "/proc/self/cwd", 0);
    is_same(directory, "/proc/self/cwd/", 0);
    is_same(directory, "/proc/self/cwd/.", 0);
    is_same(directory, "/proc/self/fd/%d/", directory);
    is_same(directory, "/proc/self/fd/%d/.", directory);
    CHECK(chmod("/proc/self/cwd", 0700) == 0 && chdir("/proc/self/cwd") == 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d/", directory);
    CHECK(chdir(path) == 0 && chmod(path, 0700) == 0 && utimensat(AT_FDCWD, path, NULL, 0) == 0);
    CHECK_FAILS(mkdir(path, 0700), EEXIST);
    CHECK_FAILS(open("/proc/self/nothing/../fd/0", O_RDONLY), ENOENT);
    CHECK_FAILS(open("/proc/self/io/../fd/0", O_RDONLY), ENOTDIR);
    CHECK(close(directory) == 0);
}

static void bind_below(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int socket_descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(socket_descriptor >= 0);
    CHECK(bind(socket_descriptor, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK(close(socket_descriptor) == 0);
}

// A link in the middle of a path, to a directory that is open.
static void come_through_directory(void) {
    char target[64];
    CHECK(mkdir("directory", 0700) == 0);
    int directory = open("directory", O_RDONLY | O_DIRECTORY);
    CHECK(directory >= 0);
    snprintf(target, sizeof target, "/proc/self/fd/%d", directory);
    CHECK(symlink(target, "d") == 0);
    CHECK(mkdir("d/one", 0700) == 0 && rename("d/one", "d/two") == 0 && rmdir("directory/two") == 0);
    file_write("d/file", "contents", 8);
    CHECK(truncate("d/file", 4) == 0 && link("d/file", "d/again") == 0 && unlink("d/file") == 0);
    struct stat status;
    CHECK(stat("directory/again", &status) == 0 && status.st_size == 4);
    CHECK(symlink("again", "d/file") == 0 && chmod("d/file", 0640) == 0 && unlink("directory/file") == 0);
    CHECK(unlink("directory/again") == 0);
    bind_below("d/socket");
    CHECK(unlink("directory/socket") == 0);
    int watches = inotify_init1(IN_CLOEXEC);
    CHECK(watches >= 0 && inotify_add_watch(watches, "d", IN_CREATE) > 0);
    CHECK(mkdir("directory/new", 0700) == 0 && rmdir("directory/new") == 0);
    char event[sizeof(struct inotify_event) + NAME_MAX + 1];
    CHECK(read(watches, event, sizeof event) > 0);
    CHECK(strcmp(event + offsetof(struct inotify_event, name), "new") == 0);
    CHECK(close(watches) == 0);
    CHECK(chdir("d") == 0 && mkdir("here", 0700) == 0 && chdir("..") == 0);
    CHECK(rmdir("directory/here") == 0);
    CHECK(close(directory) == 0);
    CHECK_FAILS(mkdir("d/one", 0700), ENOENT);
    CHECK(unlink("d") == 0 && rmdir("directory") == 0);
}

// The program's own file, open, and a link to it.
static void execute_through_link(char *path) {
    char target[64];
    int program = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(program >= 0);
    snprintf(target, sizeof target, "/proc/self/fd/%d", program);
    CHECK(symlink(target, "program") == 0);
    execv("program", (char *[]){path, scratch_path, NULL});
    CHECK(!"execv");
}

int main(int count, char **arguments) {
    if (count > 1) {
        snprintf(scratch_path, sizeof scratch_path, "%s", arguments[1]);
        CHECK(unlink("program") == 0);
        scratch_leave();
        return check_ok();
    }
    scratch_enter();
    change_own();
    for (int number = 3; number < NUMBERS; number++)
        if (fcntl(number, F_GETFD) < 0) change_nothing(number);
    come_by_detours();
    change_far();
    come_to_directories();
    come_through_directory();
    execute_through_link("/proc/self/exe");
}
