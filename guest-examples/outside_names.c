// Names that others see as well, made, changed and removed again and again: each call does its work once.
#include "scratch.h"
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ROUNDS = 12, LOCKINGS = 3 };

static void path_of(char *path, size_t size, const char *directory, const char *name) {
    CHECK(snprintf(path, size, "%s/outside_names.%d.%s", directory, (int)getpid(), name) < (int)size);
}

static int is_there(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

static void change_names(const char *directory) {
    char file[PATH_MAX], link_name[PATH_MAX], symbolic[PATH_MAX], other[PATH_MAX], deep[PATH_MAX];
    path_of(file, sizeof file, directory, "file");
    path_of(link_name, sizeof link_name, directory, "link");
    path_of(symbolic, sizeof symbolic, directory, "symbolic");
    path_of(other, sizeof other, directory, "other");
    path_of(deep, sizeof deep, directory, "deep");
    int descriptor = open(file, O_CREAT | O_EXCL | O_RDWR, 0600);
    CHECK(descriptor >= 0);
    struct stat status;
    CHECK(fstat(descriptor, &status) == 0 && status.st_size == 0);
    CHECK_EQUAL(write(descriptor, "bytes", 5), 5);
    char opened[64];
    snprintf(opened, sizeof opened, "/proc/self/fd/%d", descriptor);
    CHECK(linkat(AT_FDCWD, opened, AT_FDCWD, other, AT_SYMLINK_FOLLOW) == 0);
    CHECK_FAILS(linkat(AT_FDCWD, opened, AT_FDCWD, other, AT_SYMLINK_FOLLOW), EEXIST);
    CHECK(unlink(other) == 0);
    CHECK(close(descriptor) == 0);
    CHECK_FAILS(open(file, O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
    CHECK(link(file, link_name) == 0);
    CHECK_FAILS(link(file, link_name), EEXIST);
    CHECK(symlink("nowhere", symbolic) == 0);
    CHECK_FAILS(symlink("nowhere", symbolic), EEXIST);
    CHECK(mkdir(deep, 0700) == 0);
    CHECK_FAILS(mkdir(deep, 0700), EEXIST);
    CHECK(rename(link_name, other) == 0);
    CHECK_FAILS(rename(link_name, other), ENOENT);
    CHECK(is_there(other) && !is_there(link_name));
    CHECK(unlink(other) == 0);
    CHECK_FAILS(unlink(other), ENOENT);
    CHECK(unlink(symbolic) == 0 && unlink(file) == 0);
    CHECK(mkfifo(file, 0600) == 0);
    CHECK_FAILS(mkfifo(file, 0600), EEXIST);
    CHECK(unlink(file) == 0);
    CHECK(rmdir(deep) == 0);
    CHECK_FAILS(rmdir(deep), ENOENT);
}

// One that nobody may write to is written to by the open that makes it.
static void make_read_only(const char *directory) {
    char file[PATH_MAX];
    path_of(file, sizeof file, directory, "constant");
    int descriptor = open(file, O_CREAT | O_EXCL | O_RDWR, 0444);
    CHECK(descriptor >= 0);
    CHECK_EQUAL(write(descriptor, "constant", 8), 8);
    CHECK(close(descriptor) == 0 && unlink(file) == 0);
}

static void name_socket(const char *directory) {
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    path_of(address.sun_path, sizeof address.sun_path, directory, "socket");
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK_FAILS(bind(descriptor, (struct sockaddr *)&address, sizeof address), EADDRINUSE);
    CHECK(close(descriptor) == 0 && is_there(address.sun_path));
    CHECK(unlink(address.sun_path) == 0);
}

// A directory is a lock: whoever makes it has it.
static char lock_name[PATH_MAX];
static volatile int holders;

static void *take_lock(void *unused) {
    for (int i = 0; i < LOCKINGS; i++) {
        while (mkdir(lock_name, 0700) != 0) {
            CHECK_EQUAL(errno, EEXIST);
            sleep_us(20);
        }
        CHECK_EQUAL(__atomic_add_fetch(&holders, 1, __ATOMIC_SEQ_CST), 1);
        sleep_us(20);
        CHECK_EQUAL(__atomic_sub_fetch(&holders, 1, __ATOMIC_SEQ_CST), 0);
        CHECK(rmdir(lock_name) == 0);
    }
    return unused;
}

static void lock_by_name(const char *directory) {
    path_of(lock_name, sizeof lock_name, directory, "lock");
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) threads[i] = thread_start(take_lock, NULL);
    for (int i = 0; i < 2; i++) thread_join(threads[i]);
}

// glibc makes a named semaphore in a file of another name first, and links that.
static void share_memory(void) {
    char name[64];
    snprintf(name, sizeof name, "/outside_names.%d", (int)getpid());
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    CHECK(semaphore != SEM_FAILED);
    CHECK(sem_unlink(name) == 0);
    CHECK(sem_wait(semaphore) == 0 && sem_post(semaphore) == 0 && sem_close(semaphore) == 0);
    int shared = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    CHECK(shared >= 0);
    CHECK(shm_unlink(name) == 0);
    CHECK(ftruncate(shared, 4096) == 0 && close(shared) == 0);
    CHECK_FAILS(shm_open(name, O_RDWR, 0600), ENOENT);
}

int main(void) {
    scratch_enter();
    for (int round = 0; round < ROUNDS; round++) {
        change_names(scratch_path);
        change_names("/dev/shm");
        make_read_only(round % 2 ? scratch_path : "/dev/shm");
        name_socket(round % 2 ? scratch_path : "/dev/shm");
        lock_by_name(round % 2 ? scratch_path : "/dev/shm");
        share_memory();
    }
    scratch_leave();
    return check_ok();
}
