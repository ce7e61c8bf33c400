// Names that others see as well, made, changed and removed again and again: each call does its work once.
#include "scratch.h"
#include <semaphore.h>
#include <sys/mman.h>

enum { ROUNDS = 12 };

static void path_of(char *path, size_t size, const char *directory, const char *name) {
    snprintf(path, size, "%s/outside_names.%d.%s", directory, (int)getpid(), name);
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
        share_memory();
    }
    scratch_leave();
    return check_ok();
}
