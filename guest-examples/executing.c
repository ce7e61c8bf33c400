// execve in place: what a new program has of the old one, what it has not, and what is refused.
#include "check.h"

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "scratch.h"

static void on_signal(int signal) {
    (void)signal;
}

static void *sleeping(void *argument) {
    while (1) sleep_us(1000);
    return argument;
}

static void *executing(void *path) {
    char *words[] = { path, "second", "a b", "", NULL };
    char *environment[] = { "ONE=1", "TWO=", NULL };
    execve(path, words, environment);
    CHECK(!"execve came back");
    return NULL;
}

// By way of the kernel alone: libc's header forbids some of it.
static long execute(const void *path, const void *words) {
    return syscall(SYS_execve, path, words, NULL);
}

static void refusals(void) {
    char *words[] = { "x", NULL };
    CHECK_FAILS(execute("/nonexistent", words), ENOENT);
    CHECK_FAILS(execute("", words), ENOENT);
    CHECK_FAILS(execute("/", words), EACCES);
    CHECK_FAILS(execute("/etc/passwd", words), EACCES);
    CHECK_FAILS(execute("/etc/passwd/x", words), ENOTDIR);
    CHECK_FAILS(execute((char *)8, words), EFAULT);
    CHECK_FAILS(execute("/bin/sh", (char **)8), EFAULT);
    char *bad[] = { "x", (char *)8, NULL };
    CHECK_FAILS(execute("/bin/sh", bad), EFAULT);
    char *large = malloc(200000);
    memset(large, 'x', 199999);
    large[199999] = 0;
    char *too_large[] = { "x", large, NULL };
    CHECK_FAILS(execute("/bin/sh", too_large), E2BIG);
    free(large);
    scratch_enter();
    file_write("program", "no program", 10);
    CHECK_FAILS(execute("program", words), EACCES);
    CHECK_EQUAL(chmod("program", 0755), 0);
    CHECK_FAILS(execute("program", words), ENOEXEC);
    CHECK_EQUAL(unlink("program"), 0);
    scratch_leave();
}

static int second(char **words) {
    CHECK_EQUAL(strcmp(words[2], "a b"), 0);
    CHECK_EQUAL(strcmp(words[3], ""), 0);
    CHECK(words[4] == NULL);
    CHECK_EQUAL(strcmp(getenv("ONE"), "1"), 0);
    CHECK_EQUAL(strcmp(getenv("TWO"), ""), 0);
    CHECK(getenv("HOME") == NULL);
    // Handlers went with the old program; what is ignored, blocked or pending stays.
    struct sigaction action;
    CHECK_EQUAL(sigaction(SIGUSR1, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    CHECK_EQUAL(sigaction(SIGUSR2, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_IGN);
    sigset_t set;
    CHECK_EQUAL(sigprocmask(SIG_BLOCK, NULL, &set), 0);
    CHECK_EQUAL(sigismember(&set, SIGHUP), 1);
    CHECK_EQUAL(sigpending(&set), 0);
    CHECK_EQUAL(sigismember(&set, SIGHUP), 1);
    stack_t stack;
    CHECK_EQUAL(sigaltstack(NULL, &stack), 0);
    CHECK_EQUAL(stack.ss_flags, SS_DISABLE);
    CHECK_FAILS(fcntl(100, F_GETFD), EBADF);
    CHECK_EQUAL(fcntl(101, F_GETFD), 0);
    CHECK_EQUAL(gettid(), getpid());
    // A program that executes itself once more, by a descriptor.
    int itself = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    CHECK(itself >= 0);
    char *more[] = { "x", "third", NULL };
    CHECK_EQUAL(fexecve(itself, more, (char *[]){ NULL }), 0);
    return 1;
}

static int third(void) {
    pid_t child = fork();
    if (child == 0) {
        char *words[] = { "sh", "-c", "exit 5", NULL };
        execve("/bin/sh", words, NULL);
        _exit(1);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 5);
    // Whatever was to be told of its end, it is SIGCHLD once there is another program.
    child = (pid_t)syscall(SYS_clone, CLONE_VFORK, 0, 0, 0, 0);
    if (child == 0) {
        char *words[] = { "sh", "-c", "exit 6", NULL };
        execve("/bin/sh", words, NULL);
        _exit(1);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(WEXITSTATUS(status), 6);
    return check_ok();
}

int main(int count, char **words) {
    if (count > 1 && strcmp(words[1], "second") == 0) return second(words);
    if (count > 1 && strcmp(words[1], "third") == 0) return third();
    refusals();
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
    CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQUAL(sigaction(SIGHUP, &action, NULL), 0);
    CHECK(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    CHECK_EQUAL(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
    CHECK_EQUAL(kill(getpid(), SIGHUP), 0);
    static char memory[65536];
    stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory };
    CHECK_EQUAL(sigaltstack(&stack, NULL), 0);
    CHECK_EQUAL(dup3(1, 100, O_CLOEXEC), 100);
    CHECK_EQUAL(dup2(1, 101), 101);
    for (int i = 0; i < 3; i++) thread_start(sleeping, NULL);
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    CHECK(length > 0);
    path[length] = 0;
    // By a thread that is not the first: it becomes that.
    thread_join(thread_start(executing, path));
    return 1;
}
