// The smallest guest worth stopping: writes, sleeps, goes on. `hello COUNT` says it COUNT times.
#include "check.h"

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 4;
    CHECK(count >= 0);
    for (int i = 1; i <= count; i++) {
        // Straight to the descriptor: each line is one syscall, and so one piece of output to hold back.
        char line[64];
        int length = snprintf(line, sizeof line, "hello %d of %d\n", i, count);
        CHECK_EQUAL(write(STDOUT_FILENO, line, (size_t)length), length);

        int64_t before = clock_ns(CLOCK_MONOTONIC);
        struct timespec pause = { 0, 20000000 };
        CHECK(nanosleep(&pause, NULL) == 0);
        CHECK(clock_ns(CLOCK_MONOTONIC) - before >= 20000000);
    }
    return check_ok();
}
