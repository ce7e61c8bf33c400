// posix_spawn, popen, system and vfork: children that have their parent's memory until they have another program.
#include "check.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char **environ;

static volatile int changed_by_child;

static void spawn(void) {
    pid_t child;
    int status;
    char *words[] = { "sh", "-c", "exit 6", NULL };
    CHECK_EQUAL(posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ), 0);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 6);
    // What went wrong in the child is told by way of the memory that both have.
    CHECK_EQUAL(posix_spawn(&child, "/nonexistent/program", NULL, NULL, words, environ), ENOENT);
    CHECK_EQUAL(posix_spawn(&child, "/", NULL, NULL, words, environ), EACCES);
    CHECK_FAILS(wait(NULL), ECHILD);
}

static void actions(void) {
    int ends[2], status;
    CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, STDIN_FILENO);
    pid_t child;
    char *words[] = { "sh", "-c", "echo from a child", NULL };
    CHECK_EQUAL(posix_spawnp(&child, "sh", &actions, NULL, words, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    char text[64] = { 0 };
    CHECK_EQUAL(read(ends[0], text, sizeof text), 13);
    CHECK_EQUAL(strcmp(text, "from a child\n"), 0);
    CHECK_EQUAL(read(ends[0], text, sizeof text), 0);
    close(ends[0]);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
}

// In a frame of its own, which the child may not leave.
static __attribute__((noinline)) pid_t change_and_end(void) {
    pid_t child = vfork();
    if (child == 0) {
        changed_by_child = 77;
        _exit(4);
    }
    return child;
}

static void shared(void) {
    int status;
    pid_t child = change_and_end();
    CHECK(child > 0);
    CHECK_EQUAL(changed_by_child, 77);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 4);
}

// What other children have empty: the memory is still the parent's.
static void unwiped(void) {
    int status;
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED && madvise(page, 4096, MADV_WIPEONFORK) == 0);
    *page = 12;
    pid_t child = vfork();
    if (child == 0) _exit(*page);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 12);
    CHECK_EQUAL(*page, 12);
    CHECK_EQUAL(munmap(page, 4096), 0);
}

static void shells(void) {
    CHECK_EQUAL(WEXITSTATUS(system("exit 9")), 9);
    FILE *pipe = popen("echo one; echo two", "r");
    CHECK(pipe != NULL);
    char line[16];
    int lines = 0;
    while (fgets(line, sizeof line, pipe)) lines++;
    CHECK_EQUAL(lines, 2);
    CHECK_EQUAL(pclose(pipe), 0);
    pipe = popen("cat >/dev/null; exit 2", "w");
    CHECK(fputs("text\n", pipe) >= 0);
    CHECK_EQUAL(WEXITSTATUS(pclose(pipe)), 2);
}

int main(void) {
    spawn();
    actions();
    shared();
    unwiped();
    shells();
    return check_ok();
}
