// /proc/self must show the guest, not whoever runs it: its mappings, arguments, descriptors, threads and name.
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

extern char **environ;
static char text[1 << 20];

static size_t slurp(const char *path) {
    int file = open(path, O_RDONLY);
    CHECK(file >= 0);
    size_t length = 0;
    for (ssize_t n; (n = read(file, text + length, sizeof text - 1 - length)) != 0; length += (size_t)n) CHECK(n > 0);
    CHECK(close(file) == 0);
    text[length] = 0;
    return length;
}

// The line of /proc/self/maps that holds the address: its permissions and name. An empty string if there is none.
static const char *mapping(const void *address, char *permissions) {
    slurp("/proc/self/maps");
    static char name[PATH_MAX];
    for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        unsigned long start, end;
        name[0] = 0;
        CHECK(sscanf(line, "%lx-%lx %4s %*x %*s %*u %4095[^\n]", &start, &end, permissions, name) >= 3);
        CHECK(start < end && start % 4096 == 0 && end % 4096 == 0);
        if ((unsigned long)address >= start && (unsigned long)address < end) return name;
    }
    strcpy(permissions, "none");
    return "";
}

static int entries(const char *path, int wanted) { // how many there are; `wanted` must be among them
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    int count = 0, found = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        count++;
        found |= atoi(entry->d_name) == wanted;
    }
    CHECK(closedir(directory) == 0 && found);
    return count;
}

static long field(const char *name) { // a number from /proc/self/status
    slurp("/proc/self/status");
    char *line = strstr(text, name);
    CHECK(line != NULL);
    return strtol(line + strlen(name), NULL, 10);
}

static void *second_thread(void *argument) {
    CHECK_EQUAL(entries("/proc/self/task", gettid()), 2);
    CHECK_EQUAL(field("\nThreads:\t"), 2);
    char path[64], target[64];
    snprintf(path, sizeof path, "%d/task/%d", getpid(), gettid());
    ssize_t length = readlink("/proc/thread-self", target, sizeof target - 1);
    CHECK(length == (ssize_t)strlen(path) && memcmp(path, target, (size_t)length) == 0);
    return argument;
}

int main(int argc, char **argv) {
    char exe[PATH_MAX], executable[PATH_MAX], permissions[5];
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    CHECK(length > 0);
    exe[length] = 0;
    CHECK(realpath(strchr(argv[0], '/') ? argv[0] : (char *)getauxval(AT_EXECFN), executable) != NULL);
    CHECK(strcmp(exe, executable) == 0);

    // The arguments and the first environment, with their terminating zeroes, as they were at the start.
    size_t size = slurp("/proc/self/cmdline"), at = 0;
    for (int i = 0; i < argc; at += strlen(argv[i++]) + 1) CHECK(at < size && strcmp(text + at, argv[i]) == 0);
    CHECK_EQUAL(at, size);
    size = slurp("/proc/self/environ"), at = 0;
    for (char **e = environ; *e; at += strlen(*e++) + 1) CHECK(at < size && strcmp(text + at, *e) == 0);
    CHECK_EQUAL(at, size);
    size = slurp("/proc/self/auxv");
    CHECK(size % 16 == 0 && size >= 10 * 16);
    int same = 0;
    for (unsigned long *pair = (unsigned long *)text; pair[0] != AT_NULL; pair += 2)
        same += getauxval(pair[0]) == pair[1];
    CHECK(same >= 10);
    printf("arguments ok\n");

    static char data = 1;
    char *mapped = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mapped != MAP_FAILED);
    CHECK(strcmp(mapping((void *)main, permissions), executable) == 0 && strcmp(permissions, "r-xp") == 0);
    CHECK(strcmp(mapping(&data, permissions), executable) == 0 && strcmp(permissions, "rw-p") == 0);
    CHECK(strcmp(mapping(&argc, permissions), "[stack]") == 0 && memcmp(permissions, "rw", 2) == 0);
    CHECK(strcmp(mapping(mapped + 4 * 4096, permissions), "") == 0 && strcmp(permissions, "rw-p") == 0);
    CHECK(mprotect(mapped + 4096, 4096, PROT_READ) == 0 && mapping(mapped + 4096, permissions) &&
          strcmp(permissions, "r--p") == 0);
    CHECK(munmap(mapped + 2 * 4096, 4096) == 0 && mapping(mapped + 2 * 4096, permissions) &&
          strcmp(permissions, "none") == 0);
    CHECK(mapping(mapped + 3 * 4096, permissions) && strcmp(permissions, "rw-p") == 0);
    char *heap = sbrk(4096);
    CHECK(heap != (void *)-1 && strcmp(mapping(heap, permissions), "[heap]") == 0);
    int file = open(executable, O_RDONLY);
    char *of_file = mmap(NULL, 100, PROT_READ, MAP_PRIVATE, file, 4096);
    CHECK(of_file != MAP_FAILED && strcmp(mapping(of_file, permissions), executable) == 0);
    printf("maps ok\n");

    char link[64], target[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    length = readlink(link, target, sizeof target - 1);
    CHECK(length == (ssize_t)strlen(executable) && memcmp(target, executable, (size_t)length) == 0);
    int before = entries("/proc/self/fd", file);
    int other = dup(file);
    CHECK_EQUAL(entries("/proc/self/fd", other), before + 1);
    int open_now =
        0; // the list holds what this program can use and nothing else, but for the directory it was read through
    for (int i = 0; i < 4096; i++) open_now += fcntl(i, F_GETFD) >= 0;
    CHECK_EQUAL(before, open_now);
    CHECK(close(other) == 0 && close(file) == 0);
    printf("descriptors ok\n");

    CHECK(prctl(PR_SET_NAME, "other (name)") == 0);
    slurp("/proc/self/comm");
    CHECK(strcmp(text, "other (name)\n") == 0);
    CHECK(field("\nPid:\t") == getpid() && field("\nTgid:\t") == getpid() && field("\nPPid:\t") == getppid());
    CHECK(field("\nThreads:\t") == 1 && strncmp(text, "Name:\tother (name)\n", 19) == 0);
    slurp("/proc/self/stat"); // the name may hold anything: the last parenthesis counts
    char *rest = strrchr(text, ')'), state;
    int parent;
    CHECK(atoi(text) == getpid() && rest != NULL && sscanf(rest + 1, " %c %d", &state, &parent) == 2);
    CHECK(state == 'R' && parent == getppid());
    long pages, resident;
    slurp("/proc/self/statm");
    CHECK(sscanf(text, "%ld %ld", &pages, &resident) == 2 && pages >= resident && resident > 0);
    thread_join(thread_start(second_thread, NULL));
    CHECK_EVENTUALLY(entries("/proc/self/task", getpid()) == 1);
    printf("status ok\n");
    return check_ok();
}
