// What a name can lead to: links and chains of links, hard links, names relative to a descriptor, flags that refuse,
// permissions, times, and what stays of a file whose last name is gone.
#include "scratch.h"
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

static struct stat status;

static void links(void) {
    char target[100];
    file_write("file", "contents", 8);
    CHECK(symlink("file", "link") == 0 && symlink("link", "chain") == 0 && symlink("loop", "loop") == 0 &&
          symlink("nowhere", "dangling") == 0);
    CHECK(stat("chain", &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 8);
    CHECK(lstat("chain", &status) == 0 && S_ISLNK(status.st_mode) && status.st_size == 4);
    CHECK(readlink("link", target, 100) == 4 && memcmp(target, "file", 4) == 0);
    CHECK(readlink("link", target, 2) == 2); // cut, without a word
    CHECK_FAILS(readlink("file", target, 100), EINVAL);
    CHECK_FAILS(open("loop", O_RDONLY), ELOOP);
    CHECK_FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_FAILS(open("dangling", O_RDONLY), ENOENT);
    CHECK_FAILS(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
    CHECK_FAILS(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_FAILS(open("file/below", O_RDONLY), ENOTDIR);
    CHECK_FAILS(open("file", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
    CHECK_FAILS(open(".", O_WRONLY), EISDIR);
    CHECK_FAILS(open("", O_RDONLY), ENOENT);
    // A dangling link followed by O_CREAT makes the target.
    int file = file_open("dangling", O_CREAT | O_WRONLY);
    CHECK(close(file) == 0 && access("nowhere", F_OK) == 0 && unlink("nowhere") == 0);

    CHECK(link("file", "second") == 0 && stat("file", &status) == 0 && status.st_nlink == 2);
    ino_t inode = status.st_ino;
    CHECK(linkat(AT_FDCWD, "link", AT_FDCWD, "third", AT_SYMLINK_FOLLOW) == 0 && stat("third", &status) == 0 &&
          status.st_ino == inode);
    CHECK(linkat(AT_FDCWD, "link", AT_FDCWD, "hard-link", 0) == 0 && lstat("hard-link", &status) == 0 &&
          S_ISLNK(status.st_mode));
    CHECK_FAILS(link("file", "second"), EEXIST);
    CHECK_FAILS(link(".", "directory"), EPERM);
    CHECK(rename("second", "file") == 0 && access("second", F_OK) == 0); // two names of one file: nothing to do
    CHECK(unlink("third") == 0 && unlink("second") == 0 && stat("file", &status) == 0 && status.st_nlink == 1);
    CHECK_FAILS(syscall(SYS_renameat2, AT_FDCWD, "file", AT_FDCWD, "link", 1), EEXIST); // RENAME_NOREPLACE

    // Without a name but open it lives on.
    file = file_open("file", O_RDWR);
    CHECK(unlink("link") == 0 && unlink("chain") == 0 && unlink("loop") == 0 && unlink("dangling") == 0 &&
          unlink("hard-link") == 0 && unlink("file") == 0);
    CHECK(fstat(file, &status) == 0 && status.st_nlink == 0 && status.st_size == 8);
    CHECK(pwrite(file, "CON", 3, 0) == 3 && pread(file, target, 100, 0) == 8 && memcmp(target, "CONtents", 8) == 0);
    CHECK(close(file) == 0);
    printf("links ok\n");
}

static void descriptors_as_places(void) {
    CHECK(mkdir("one", 0755) == 0 && mkdirat(AT_FDCWD, "two", 0755) == 0);
    int one = file_open("one", O_RDONLY | O_DIRECTORY), two = open("two", O_PATH | O_DIRECTORY);
    CHECK(two >= 0);
    int file = openat(one, "file", O_CREAT | O_WRONLY, 0640);
    CHECK(file >= 0 && write(file, "12345", 5) == 5 && close(file) == 0);
    CHECK(renameat(one, "file", two, "moved") == 0 && faccessat(two, "moved", R_OK, 0) == 0 &&
          access("two/moved", R_OK) == 0);
    CHECK_FAILS(faccessat(one, "file", F_OK, 0), ENOENT);
    CHECK(symlinkat("../two/moved", one, "link") == 0 && fstatat(one, "link", &status, 0) == 0 && status.st_size == 5);
    struct statx extended;
    CHECK(statx(one, "link", 0, STATX_BASIC_STATS, &extended) == 0);
    CHECK(extended.stx_size == 5 && extended.stx_ino == status.st_ino &&
          (extended.stx_mode & 07777) == (status.st_mode & 07777));
    CHECK(makedev(extended.stx_dev_major, extended.stx_dev_minor) == status.st_dev);
    CHECK(fstatat(two, "", &status, AT_EMPTY_PATH) == 0 && S_ISDIR(status.st_mode));
    // An absolute path makes the descriptor irrelevant, even a bad one.
    CHECK(faccessat(-5, scratch_path, F_OK, 0) == 0);
    CHECK_FAILS(openat(-5, "relative", O_RDONLY), EBADF);
    CHECK_FAILS(read(two, &status, 1), EBADF); // O_PATH: a place, not something to read
    CHECK_FAILS(unlinkat(AT_FDCWD, "two", 0), EISDIR);
    CHECK(unlinkat(one, "link", 0) == 0 && unlinkat(two, "moved", 0) == 0);
    CHECK(close(one) == 0 && close(two) == 0 && unlinkat(AT_FDCWD, "one", AT_REMOVEDIR) == 0 && rmdir("two") == 0);
    printf("places ok\n");
}

int main(void) {
    umask(022);
    scratch_enter();
    links();
    descriptors_as_places();

    // Modes and times.
    int file = open("file", O_CREAT | O_WRONLY, 0666);
    CHECK(file >= 0 && fstat(file, &status) == 0);
    CHECK_EQUAL(status.st_mode & 07777, 0644);
    CHECK(fchmod(file, 0400) == 0 && stat("file", &status) == 0 && (status.st_mode & 07777) == 0400);
    CHECK(chmod("file", 0751) == 0 && stat("file", &status) == 0 && (status.st_mode & 07777) == 0751);
    CHECK(fchown(file, (uid_t)-1, (gid_t)-1) == 0);
    struct timespec times[2] = { { 1000000000, 123456789 }, { 1234567890, 987654321 } };
    CHECK(utimensat(AT_FDCWD, "file", times, 0) == 0 && stat("file", &status) == 0);
    CHECK(status.st_atim.tv_sec == 1000000000 && status.st_mtim.tv_sec == 1234567890 &&
          status.st_mtim.tv_nsec == 987654321);
    times[0].tv_nsec = UTIME_OMIT, times[1].tv_nsec = UTIME_NOW;
    CHECK(futimens(file, times) == 0 && fstat(file, &status) == 0);
    CHECK(status.st_atim.tv_sec == 1000000000 && status.st_mtim.tv_sec > 1600000000);
    CHECK(close(file) == 0 && unlink("file") == 0);
    printf("modes and times ok\n");

    struct statfs system, again;
    CHECK(statfs(".", &system) == 0 && system.f_bsize > 0 && system.f_blocks > 0 && system.f_namelen >= 255);
    file = file_open(".", O_RDONLY);
    CHECK(fstatfs(file, &again) == 0 && again.f_type == system.f_type && close(file) == 0);
    char name[300];
    memset(name, 'n', sizeof name);
    name[256] = 0;
    CHECK_FAILS(open(name, O_CREAT | O_WRONLY, 0600), ENAMETOOLONG);
    // A file that never has a name; not every file system can do that.
    file = open(".", O_TMPFILE | O_RDWR, 0600);
    if (file >= 0)
        CHECK(write(file, "x", 1) == 1 && fstat(file, &status) == 0 && status.st_nlink == 0 && close(file) == 0);
    else
        CHECK(errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == ENOSYS || errno == EINVAL);
    scratch_leave();
    return check_ok();
}
