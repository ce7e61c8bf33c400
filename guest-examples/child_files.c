// What parent and child have in common of files: offsets, pipes whose ends close with the last of them, descriptors of
// their own.
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "scratch.h"

static int ended(pid_t child) {
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    return status;
}

static void offsets(void) {
    scratch_enter();
    int file = file_open("file", O_CREAT | O_RDWR);
    CHECK_EQUAL(write(file, "0123456789", 10), 10);
    CHECK_EQUAL(lseek(file, 0, SEEK_SET), 0);
    pid_t child = fork();
    if (child == 0) {
        char text[4];
        CHECK_EQUAL(read(file, text, 4), 4);
        close(file);
        _exit(fcntl(file, F_GETFD) == -1 ? 0 : 1);
    }
    CHECK_EQUAL(ended(child), 0);
    CHECK_EQUAL(lseek(file, 0, SEEK_CUR), 4);
    close(file);
    CHECK_EQUAL(unlink("file"), 0);
    scratch_leave();
}

static void pipes(void) {
    int to[2], from[2];
    CHECK_EQUAL(pipe(to), 0);
    CHECK_EQUAL(pipe(from), 0);
    pid_t child = fork();
    if (child == 0) {
        close(to[1]);
        close(from[0]);
        char byte;
        while (read(to[0], &byte, 1) == 1) {
            byte = (char)(byte + 1);
            if (write(from[1], &byte, 1) != 1) _exit(2);
        }
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    char text[8] = { 0 };
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(write(to[1], &"HAL98"[i], 1), 1);
        CHECK_EQUAL(read(from[0], text + i, 1), 1);
    }
    CHECK_EQUAL(strcmp(text, "IBM:9"), 0);
    // The child sees the end only if nobody else has the other end open.
    close(to[1]);
    CHECK_EQUAL(read(from[0], text, 1), 0);
    CHECK_EQUAL(ended(child), 0);
    signal(SIGPIPE, SIG_IGN);
    CHECK_EQUAL(pipe(to), 0);
    child = fork();
    if (child == 0) _exit(0);
    close(to[0]);
    CHECK_EQUAL(ended(child), 0);
    CHECK_FAILS(write(to[1], "x", 1), EPIPE);
    close(to[1]);
    close(from[0]);
}

static void three_in_a_row(void) {
    int ends[2], status;
    CHECK_EQUAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            CHECK_EQUAL(write(ends[1], "deep", 4), 4);
            _exit(8);
        }
        CHECK_EQUAL(waitpid(grandchild, &status, 0), grandchild);
        _exit(WEXITSTATUS(status) + 1);
    }
    char text[4];
    CHECK_EQUAL(read(ends[0], text, 4), 4);
    CHECK_EQUAL(ended(child), 9 << 8);
    CHECK_FAILS(wait(NULL), ECHILD);
}

int main(void) {
    offsets();
    pipes();
    three_in_a_row();
    return check_ok();
}
