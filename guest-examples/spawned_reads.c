// A program that another has started reads a file into fresh memory, again and again from the same place.
#include "scratch.h"
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGE = 4096, PAGES = 300 };
extern char **environ;

static void read_all(const char *path) {
    int file = open(path, O_RDONLY);
    char *fresh = mmap(NULL, (PAGES + 1) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(file >= 0 && fresh != MAP_FAILED && mprotect(fresh, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE) == 0);
    for (int i = 0; i < PAGES; i++) { // over the edge of two pages that nobody has touched so far
        CHECK_EQUAL(pread(file, fresh + i * PAGE + PAGE / 2, PAGE, 0), PAGE);
        CHECK_EQUAL(fresh[i * PAGE + PAGE / 2], 'a');
        CHECK_EQUAL(fresh[i * PAGE + PAGE / 2 + PAGE - 1], 'z');
    }
}

int main(int count, char **arguments) {
    if (count == 2) return read_all(arguments[1]), 0;
    char page[PAGE];
    pid_t child;
    int status;
    memset(page, 'a', PAGE / 2);
    memset(page + PAGE / 2, 'z', PAGE / 2);
    scratch_enter();
    file_write("file", page, PAGE);
    char *words[] = { arguments[0], "file", NULL };
    CHECK_EQUAL(posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ), 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0 && unlink("file") == 0);
    scratch_leave();
    return check_ok();
}
