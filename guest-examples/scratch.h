// A private directory for the programs that need files. It becomes the working directory.
#ifndef SCRATCH_H
#define SCRATCH_H

#include "check.h"
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>

static char scratch_path[PATH_MAX];

static int scratch_remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void scratch_remove_all(void) {
    if (chdir("/") == 0) nftw(scratch_path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

CHECK_INLINE void scratch_enter(void) {
    const char *base = getenv("TMPDIR");
    char path[PATH_MAX - 64];
    snprintf(path, sizeof path, "%s/guest-%s.XXXXXX", base && *base ? base : "/tmp", check_name());
    CHECK(mkdtemp(path) != NULL);
    CHECK(realpath(path, scratch_path) != NULL);
    check_cleanup = scratch_remove_all;
    CHECK(chdir(scratch_path) == 0);
}

// rmdir, not a recursive removal: a program that passes has removed every file it made.
CHECK_INLINE void scratch_leave(void) {
    CHECK(chdir("/") == 0);
    CHECK(rmdir(scratch_path) == 0);
}

CHECK_INLINE int file_open(const char *name, int flags) {
    int descriptor = open(name, flags, 0600);
    CHECK(descriptor >= 0);
    return descriptor;
}

CHECK_INLINE void file_write(const char *name, const void *bytes, size_t count) {
    int descriptor = file_open(name, O_CREAT | O_TRUNC | O_WRONLY);
    CHECK_EQUAL(write(descriptor, bytes, count), count);
    CHECK(close(descriptor) == 0);
}

#endif
