// Ways to /proc/self: by number, through descriptors, "..", doubled slashes and symbolic links; and what can be done
// there: reopening a descriptor, naming a thread, listing with seeking, reading again from the start.
#include "scratch.h"
#include <dirent.h>
#include <semaphore.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <linux/openat2.h>

static char text[1 << 16];

static size_t read_all(int file) {
    size_t length = 0;
    for (ssize_t n; (n = read(file, text + length, sizeof text - 1 - length)) != 0; length += (size_t)n) CHECK(n > 0);
    CHECK(close(file) == 0);
    text[length] = 0;
    return length;
}

static void is_our_maps(int file) { // a mapping of this very program must be in it
    CHECK(file >= 0 && read_all(file) > 0);
    unsigned long here = (unsigned long)is_our_maps, start, end;
    int found = 0;
    for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        found |= sscanf(line, "%lx-%lx", &start, &end) == 2 && start <= here && here < end;
    CHECK(found);
}

static void many_ways(void) {
    char path[PATH_MAX];
    static const char *const ways[] = {
        "/proc/self/maps",    "//proc//self/./maps",     "/proc/self/../self/maps", "/proc/thread-self/maps",
        "/../proc/self/maps", "/proc/self/task/../maps", "/proc/self/fd/../maps",   "/proc/self/root/proc/self/maps",
        "/dev/fd/../maps",    "/dev/../proc/self/maps",  "/tmp/../proc/self/maps",  "/proc/mounts/../self/maps",
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways - 1; i++) is_our_maps(open(ways[i], O_RDONLY));
    CHECK_FAILS(open("/proc/mounts/../self/maps", O_RDONLY), ENOTDIR);
    snprintf(path, sizeof path, "/proc/%d/maps", getpid());
    is_our_maps(open(path, O_RDONLY));
    snprintf(path, sizeof path, "/proc/%d/task/%d/maps", getpid(), gettid());
    is_our_maps(open(path, O_RDONLY));
    CHECK(symlink("/proc/self/maps", "to-maps") == 0 && symlink("/proc/self", "to-self") == 0 &&
          symlink("to-self", "chain") == 0);
    is_our_maps(open("to-maps", O_RDONLY));
    is_our_maps(open("to-self/maps", O_RDONLY));
    is_our_maps(open("chain/maps", O_RDONLY));
    CHECK_FAILS(open("to-maps", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_FAILS(open("/proc/self/maps/", O_RDONLY), ENOTDIR);
    CHECK_FAILS(open("/proc/self/maps/x", O_RDONLY), ENOTDIR);
    CHECK_FAILS(open("/proc/self/nothing", O_RDONLY), ENOENT);
    CHECK_FAILS(open("/proc/self/fd/999", O_RDONLY), ENOENT);
    CHECK_FAILS(open("/proc/self/fd/x", O_RDONLY), ENOENT);
    CHECK_FAILS(open("/proc/self/task/1", O_RDONLY), ENOENT);
    CHECK_FAILS(open("/proc/self", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_FAILS(open("/proc/self/fd", O_RDWR), EISDIR);

    // Relative to descriptors and to the working directory.
    int proc = file_open("/proc", O_RDONLY | O_DIRECTORY), self = openat(proc, "self", O_RDONLY),
        root = file_open("/", O_RDONLY);
    CHECK(self >= 0);
    is_our_maps(openat(proc, "self/maps", O_RDONLY));
    is_our_maps(openat(self, "maps", O_RDONLY));
    is_our_maps(openat(self, "fd/../maps", O_RDONLY));
    is_our_maps(openat(root, "proc/self/maps", O_RDONLY));
    int up = openat(self, "..", O_RDONLY | O_DIRECTORY);
    is_our_maps(openat(up, "self/maps", O_RDONLY));
    CHECK(chdir("/") == 0);
    is_our_maps(open("proc/self/maps", O_RDONLY));
    CHECK(fchdir(proc) == 0);
    is_our_maps(open("self/maps", O_RDONLY));
    is_our_maps(open("./self/fd/../maps", O_RDONLY));
    CHECK(fchdir(self) == 0);
    is_our_maps(open("maps", O_RDONLY));
    is_our_maps(open("/proc/self/cwd/maps", O_RDONLY));
    CHECK(chdir(scratch_path) == 0 && close(proc) == 0 && close(self) == 0 && close(up) == 0 && close(root) == 0);
    printf("ways ok\n");
}

static void metadata(void) {
    struct stat status;
    struct statfs system;
    CHECK(stat("/proc/self/maps", &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0777) == 0444 &&
          status.st_size == 0);
    CHECK(lstat("/proc/self", &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(lstat("/proc/self/", &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(lstat("/proc/self/exe", &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(stat("/proc/self/exe", &status) == 0 && S_ISREG(status.st_mode) && status.st_mode & 0111);
    CHECK(lstat("/proc/self/fd/0", &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(stat("/proc/self/task/../fd", &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(access("/proc/self/comm", R_OK | W_OK) == 0);
    CHECK_FAILS(access("/proc/self/fd/999", F_OK), ENOENT);
    CHECK(statfs("/proc/self/status", &system) == 0 && system.f_type == 0x9fa0);
    CHECK_FAILS(unlink("/proc/self/maps"), EPERM);
    CHECK_FAILS(mkdir("/proc/self/new", 0700), ENOENT);
    CHECK_FAILS(open("/proc/self/maps", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
    // The descriptor itself, by an empty path; and by none (Linux 6.11).
    int file = file_open("file", O_CREAT | O_RDWR);
    struct stat other;
    CHECK(fstat(file, &status) == 0 && fstatat(file, "", &other, AT_EMPTY_PATH) == 0 && status.st_ino == other.st_ino);
    CHECK_FAILS(fstatat(file, "", &other, 0), ENOENT);
    struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 6 } };
    CHECK(syscall(SYS_utimensat, file, NULL, times, 0) == 0 && fstat(file, &status) == 0 && status.st_mtime == 6);
    CHECK(close(file) == 0);
    printf("metadata ok\n");
}

static void reopening(void) {
    char path[64], link[PATH_MAX], bytes[8];
    file_write("file", "contents", 8);
    int file = file_open("file", O_RDWR);
    CHECK(lseek(file, 4, SEEK_SET) == 4 && unlink("file") == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int again = file_open(path, O_RDONLY); // a description of its own, also without a name
    CHECK(lseek(again, 0, SEEK_CUR) == 0 && read(again, bytes, 8) == 8 && memcmp(bytes, "contents", 8) == 0);
    CHECK_FAILS(write(again, "x", 1), EBADF);
    CHECK(lseek(file, 0, SEEK_CUR) == 4 && close(again) == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", file);
    again = file_open(path, O_WRONLY | O_TRUNC);
    CHECK(pread(file, bytes, 8, 0) == 0 && close(again) == 0);
    // A link elsewhere to one of our descriptors, as logs are linked to /dev/stdout.
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    CHECK(symlink(link, "log") == 0);
    again = file_open("log", O_WRONLY | O_APPEND);
    CHECK(write(again, "line", 4) == 4 && pread(file, bytes, 8, 0) == 4 && memcmp(bytes, "line", 4) == 0 &&
          close(again) == 0);
    ssize_t length = readlink(link, text, sizeof text - 1);
    CHECK(length > 10 && memcmp(text + length - 10, " (deleted)", 10) == 0);
    // A file without a name gets one.
    int unnamed = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(unnamed >= 0 && write(unnamed, "now", 3) == 3);
    snprintf(path, sizeof path, "/proc/self/fd/%d", unnamed);
    CHECK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
    CHECK(close(unnamed) == 0 && read_all(file_open("named", O_RDONLY)) == 3);
    // A directory's descriptor as the start of a path.
    CHECK(mkdir("below", 0700) == 0);
    file_write("below/x", "y", 1);
    int directory = file_open("below", O_RDONLY | O_DIRECTORY);
    snprintf(path, sizeof path, "/proc/self/fd/%d/x", directory);
    CHECK_EQUAL(read_all(file_open(path, O_RDONLY)), 1);
    CHECK(chdir("below") == 0);
    CHECK_EQUAL(read_all(file_open("/proc/self/cwd/x", O_RDONLY)), 1);
    CHECK(chdir("..") == 0 && close(directory) == 0 && close(file) == 0);
    // Only the place, not the contents.
    int place = file_open("named", O_PATH);
    CHECK_FAILS(read(place, bytes, 1), EBADF);
    CHECK(fcntl(place, F_GETFL) == O_PATH);
    snprintf(path, sizeof path, "/proc/self/fd/%d", place);
    CHECK_EQUAL(read_all(file_open(path, O_RDONLY)), 3);
    CHECK(close(place) == 0);
    place = file_open("/proc/self/maps", O_PATH);
    snprintf(path, sizeof path, "/proc/self/fd/%d", place);
    is_our_maps(open(path, O_RDONLY));
    CHECK(close(place) == 0);
    printf("reopening ok\n");
}

static int line_number(const char *name) {
    const char *line = strstr(text, name);
    CHECK(line != NULL);
    return (int)strtol(line + strlen(name), NULL, 0);
}

static void information(void) {
    char path[64];
    file_write("file", "contents", 8);
    int file = file_open("file", O_RDWR | O_APPEND | O_CLOEXEC);
    CHECK(lseek(file, 3, SEEK_SET) == 3);
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", file);
    read_all(file_open(path, O_RDONLY));
    CHECK(line_number("pos:\t") == 3 && line_number("flags:\t") == (O_RDWR | O_APPEND | O_CLOEXEC | 0100000));
    int waiting;
    CHECK(ioctl(file, FIONREAD, &waiting) == 0 && waiting == 5);
    CHECK_FAILS(ioctl(file, TCGETS, text), ENOTTY);
    CHECK_FAILS(ioctl(999, TCGETS, text), EBADF);
    CHECK(close(file) == 0);
    // Read again from the start, a file shows what is then.
    int status = file_open("/proc/self/comm", O_RDONLY);
    CHECK(read(status, text, 100) > 0);
    int name = file_open("/proc/self/comm", O_WRONLY);
    CHECK(write(name, "a name that is too long", 23) == 23 && close(name) == 0);
    CHECK(lseek(status, 0, SEEK_SET) == 0 && read(status, text, 100) == 16 &&
          memcmp(text, "a name that is \n", 16) == 0);
    CHECK(close(status) == 0);
    printf("information ok\n");
}

static sem_t named;
static void *to_be_named(void *argument) {
    (void)argument;
    while (sem_wait(&named) != 0) continue;
    return NULL;
}

static void naming_threads(void) {
    char name[32];
    CHECK(sem_init(&named, 0, 0) == 0);
    pthread_t thread = thread_start(to_be_named, NULL);
    CHECK(pthread_setname_np(thread, "worker") == 0); // by /proc/self/task/TID/comm
    CHECK(pthread_getname_np(thread, name, sizeof name) == 0 && strcmp(name, "worker") == 0);
    CHECK(sem_post(&named) == 0);
    thread_join(thread);
    printf("thread names ok\n");
}

static void listing(void) {
    enum { MANY = 40 };
    int files[MANY], seen[1024] = { 0 }, count = 0;
    for (int i = 0; i < MANY; i++) CHECK((files[i] = dup(0)) >= 0);
    int directory = file_open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    char buffer[400] __attribute__((aligned(8))); // a few entries at a time
    int64_t fifth = 0;
    char sixth[256] = "";
    for (long length; (length = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) != 0;) {
        CHECK(length > 0);
        for (long at = 0; at < length;) {
            struct dirent64 *entry = (struct dirent64 *)(buffer + at);
            CHECK(entry->d_ino != 0 && entry->d_reclen % 8 == 0);
            if (fifth && !sixth[0]) snprintf(sixth, sizeof sixth, "%s", entry->d_name);
            if (++count == 5) fifth = entry->d_off;
            CHECK(entry->d_type == (entry->d_name[0] == '.' ? DT_DIR : DT_LNK));
            if (entry->d_name[0] != '.') seen[atoi(entry->d_name)]++;
            at += entry->d_reclen;
        }
    }
    for (int i = 0; i < MANY; i++) CHECK_EQUAL(seen[files[i]], 1);
    CHECK_EQUAL(seen[directory], 1);
    CHECK(lseek(directory, fifth, SEEK_SET) == fifth && syscall(SYS_getdents64, directory, buffer, sizeof buffer) > 0);
    CHECK(strcmp(((struct dirent64 *)buffer)->d_name, sixth) == 0);
    CHECK_FAILS(syscall(SYS_getdents64, directory, buffer, 10), EINVAL);
    for (int i = 0; i < MANY; i++) CHECK(close(files[i]) == 0);
    CHECK(lseek(directory, 0, SEEK_SET) == 0);
    DIR *stream = fdopendir(directory);
    int after = 0;
    while (readdir(stream)) after++;
    CHECK(after == count - MANY && closedir(stream) == 0);
    // Every entry of the process's own directory can be looked at.
    stream = opendir("/proc/self");
    CHECK(stream != NULL);
    int entries = 0;
    for (struct dirent *entry; (entry = readdir(stream)); entries++) {
        struct stat status;
        CHECK(fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0);
    }
    CHECK(entries > 20 && closedir(stream) == 0);
    printf("listing ok\n");
}

static void resolution(void) {
    struct open_how how = { .flags = O_RDONLY };
    CHECK(mkdir("inside", 0700) == 0 && symlink("/etc", "inside/out") == 0);
    file_write("inside/x", "y", 1);
    int directory = file_open("inside", O_RDONLY | O_DIRECTORY);
    int file = (int)syscall(SYS_openat2, directory, "x", &how, sizeof how);
    CHECK(file >= 0 && close(file) == 0);
    how.resolve = RESOLVE_BENEATH;
    CHECK_FAILS(syscall(SYS_openat2, directory, "../named", &how, sizeof how), EXDEV);
    CHECK_FAILS(syscall(SYS_openat2, directory, "out/passwd", &how, sizeof how), EXDEV);
    how.resolve = RESOLVE_IN_ROOT;
    file = (int)syscall(SYS_openat2, directory, "/x", &how, sizeof how);
    CHECK(file >= 0 && close(file) == 0);
    how.resolve = RESOLVE_NO_SYMLINKS;
    CHECK_FAILS(syscall(SYS_openat2, directory, "out", &how, sizeof how), ELOOP);
    how.resolve = 1 << 20;
    CHECK_FAILS(syscall(SYS_openat2, directory, "x", &how, sizeof how), EINVAL);
    how = (struct open_how){ .flags = O_RDONLY, .mode = 0600 };
    CHECK_FAILS(syscall(SYS_openat2, directory, "x", &how, sizeof how), EINVAL);
    CHECK_FAILS(syscall(SYS_openat2, directory, "x", &how, 8), EINVAL);
    CHECK(close(directory) == 0);
    printf("resolution ok\n");
}

static void dropped_pages(void) {
    char page[4096];
    memset(page, 'a', sizeof page);
    file_write("pages", page, sizeof page);
    int file = file_open("pages", O_RDWR);
    char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    CHECK(mapped != MAP_FAILED && close(file) == 0);
    mapped[0] = 'b';
    CHECK(mprotect(mapped, 4096, PROT_READ) == 0 && madvise(mapped, 4096, MADV_DONTNEED) == 0);
    CHECK(mapped[0] == 'a' && mapped[4095] == 'a' && munmap(mapped, 4096) == 0);
    printf("dropped pages ok\n");
}

int main(void) {
    scratch_enter();
    many_ways();
    metadata();
    reopening();
    information();
    naming_threads();
    listing();
    resolution();
    dropped_pages();
    static const char *const names[] = { "to-maps", "to-self", "chain",    "file",       "log",
                                         "named",   "below/x", "inside/x", "inside/out", "pages" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) CHECK(unlink(names[i]) == 0);
    CHECK(rmdir("below") == 0 && rmdir("inside") == 0);
    scratch_leave();
    return check_ok();
}
