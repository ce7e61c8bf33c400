// Uses more processor time than it may have at all: SIGXCPU, which is caught, comes at the soft limit and once more for
// each second beyond it; SIGKILL comes at the hard one.
#include "check.h"
#include <signal.h>
#include <sys/resource.h>

static void note(int signal) { (void)signal; }

int main(void) {
    struct rlimit limit = { 1, 2 };
    signal(SIGXCPU, note);
    printf("processor_time_up: about to be killed\n");
    fflush(stdout);
    CHECK(setrlimit(RLIMIT_CPU, &limit) == 0);
    int64_t give_up = clock_ns(CLOCK_MONOTONIC) + 60000000000LL;
    while (clock_ns(CLOCK_MONOTONIC) < give_up) continue;
    return 1;
}
