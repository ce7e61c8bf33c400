// Large and deep directories: getdents64 in pieces with seeking, walks through descriptors instead of paths, and a
// working directory that follows a directory which is renamed.
#include "scratch.h"
#include <dirent.h>
#include <sys/syscall.h>

enum { FILES = 700, DEPTH = 30 };
struct record {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

static void many_entries(void) {
    char name[64];
    CHECK(mkdir("many", 0700) == 0);
    int directory = file_open("many", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "file-%d-%.*s", i, i % 40, "----------------------------------------");
        int file = openat(directory, name, O_CREAT | O_EXCL | O_WRONLY, 0600);
        CHECK(file >= 0 && close(file) == 0);
    }
    // A small buffer: many calls, each going on where the last one stopped.
    static unsigned char seen[FILES];
    char buffer[1024] __attribute__((aligned(8)));
    int calls = 0, dots = 0, total = 0;
    int64_t middle = 0;
    char after_middle[64] = "";
    for (long length; (length = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) != 0; calls++) {
        CHECK(length > 0);
        for (long at = 0; at < length;) {
            struct record *record = (struct record *)(buffer + at);
            CHECK(record->length >= 24 && record->length % 8 == 0 && record->inode != 0);
            if (middle && !after_middle[0]) snprintf(after_middle, sizeof after_middle, "%s", record->name);
            if (++total == FILES / 2) middle = record->next;
            if (record->name[0] == '.') {
                CHECK(record->type == DT_DIR || record->type == DT_UNKNOWN);
                dots++;
            } else {
                CHECK(record->type == DT_REG || record->type == DT_UNKNOWN);
                seen[atoi(record->name + 5)]++;
            }
            at += record->length;
        }
    }
    CHECK(calls > 20 && dots == 2 && total == FILES + 2);
    for (int i = 0; i < FILES; i++) CHECK_EQUAL(seen[i], 1);
    // A position taken from a record leads to the one after it.
    CHECK(lseek(directory, middle, SEEK_SET) == middle);
    CHECK(syscall(SYS_getdents64, directory, buffer, sizeof buffer) > 0);
    CHECK(strcmp(((struct record *)buffer)->name, after_middle) == 0);
    CHECK_FAILS(syscall(SYS_getdents64, directory, buffer, 10), EINVAL);
    CHECK_FAILS(syscall(SYS_getdents64, 0x7fff, buffer, sizeof buffer), EBADF);

    // Removing while listing: everything is still met once.
    CHECK(lseek(directory, 0, SEEK_SET) == 0);
    DIR *stream = fdopendir(directory);
    CHECK(stream != NULL);
    int removed = 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] == '.') continue;
        CHECK(unlinkat(dirfd(stream), entry->d_name, 0) == 0);
        removed++;
    }
    CHECK_EQUAL(removed, FILES);
    CHECK(closedir(stream) == 0 && rmdir("many") == 0);
    printf("%d entries ok\n", FILES);
}

static int count_below(int directory) { // takes over the descriptor
    DIR *stream = fdopendir(directory);
    CHECK(stream != NULL);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] == '.') continue;
        struct stat status;
        CHECK(fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0);
        count++;
        if (S_ISDIR(status.st_mode))
            count += count_below(openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    }
    CHECK(closedir(stream) == 0);
    return count;
}

int main(void) {
    scratch_enter();
    many_entries();

    // Down by chdir, with a file and a link to the top at each level.
    char path[PATH_MAX], expected[PATH_MAX];
    int top = file_open(".", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < DEPTH; i++) {
        CHECK(mkdir("down", 0700) == 0 && symlink(scratch_path, "up") == 0 && chdir("down") == 0);
        file_write("file", "x", 1);
    }
    snprintf(expected, sizeof expected, "%s", scratch_path);
    for (int i = 0; i < DEPTH; i++) strcat(expected, "/down");
    CHECK(getcwd(path, sizeof path) != NULL && strcmp(path, expected) == 0);
    CHECK_FAILS(syscall(SYS_getcwd, path, 10), ERANGE);
    CHECK_EQUAL(count_below(dup(top)), 3 * DEPTH);

    // Renamed above us: we are still where we were, under the new name.
    CHECK(renameat(top, "down", top, "renamed") == 0);
    CHECK(getcwd(path, sizeof path) != NULL && strstr(path, "/renamed/down") != NULL);
    CHECK(access("file", R_OK) == 0 && access("../../file", R_OK) == 0);
    CHECK(fchdir(top) == 0 && getcwd(path, sizeof path) != NULL && strcmp(path, scratch_path) == 0);
    CHECK_FAILS(chdir("down"), ENOENT);
    CHECK_FAILS(chdir("renamed/down/file"), ENOTDIR);
    CHECK(chdir("renamed") == 0);
    for (int i = 1; i < DEPTH; i++) CHECK(chdir("down") == 0);
    // Up again, removing on the way; `..` from the inside.
    for (int i = DEPTH; i > 0; i--) {
        CHECK(unlink("file") == 0 && chdir("..") == 0 && unlink("up") == 0);
        CHECK(rmdir(i == 1 ? "renamed" : "down") == 0);
    }
    CHECK(getcwd(path, sizeof path) != NULL && strcmp(path, scratch_path) == 0);

    // A working directory that was removed has no name any more.
    CHECK(mkdir("gone", 0700) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
    CHECK_FAILS(syscall(SYS_getcwd, path, sizeof path), ENOENT);
    CHECK_FAILS(open("new", O_CREAT | O_WRONLY, 0600), ENOENT);
    CHECK(fchdir(top) == 0 && close(top) == 0);
    scratch_leave();
    printf("deep walk ok\n");
    return check_ok();
}
