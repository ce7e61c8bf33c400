// Limits that end in a signal: how large a file may become, how much processor time may be used.
#include "scratch.h"
#include <signal.h>
#include <sys/resource.h>

static volatile sig_atomic_t too_large, too_long;
static void note(int signal) { *(signal == SIGXFSZ ? &too_large : &too_long) = 1; }

int main(void) {
    struct rlimit before, limit;
    char page[4096] = "";
    signal(SIGXFSZ, note);
    signal(SIGXCPU, note);
    scratch_enter();
    int file = file_open("file", O_CREAT | O_RDWR);

    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = (struct rlimit){ 5000, before.rlim_max };
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (int round = 0; round < 100; round++) { // often enough for the call's place to be rewritten
        too_large = 0;
        CHECK_EQUAL(pwrite(file, page, sizeof page, 0), 4096);
        CHECK_EQUAL(pwrite(file, page, sizeof page, 4096), 904); // what fits
        CHECK_EQUAL(too_large, 0);
        CHECK_FAILS(pwrite(file, page, sizeof page, 5000), EFBIG);
        CHECK_EQUAL(too_large, 1);
    }
    too_large = 0;
    CHECK_FAILS(ftruncate(file, 5001), EFBIG);
    CHECK(too_large == 1 && ftruncate(file, 5000) == 0);
    signal(SIGXFSZ, SIG_IGN);
    CHECK_FAILS(pwrite(file, page, 1, 5000), EFBIG);
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(pwrite(file, page, 1, 5000) == 1 && close(file) == 0 && unlink("file") == 0);
    scratch_leave();

    // What the supervisor has used to start the program counts, too, but is not shown.
    CHECK(getrlimit(RLIMIT_CPU, &before) == 0);
    limit = (struct rlimit){ 2, before.rlim_max };
    CHECK(setrlimit(RLIMIT_CPU, &limit) == 0);
    int64_t give_up = clock_ns(CLOCK_MONOTONIC) + 60000000000LL;
    while (!too_long) CHECK(clock_ns(CLOCK_MONOTONIC) < give_up);
    CHECK(clock_ns(CLOCK_PROCESS_CPUTIME_ID) >= 1000000000LL && setrlimit(RLIMIT_CPU, &before) == 0);
    return check_ok();
}
