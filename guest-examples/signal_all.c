// Every signal a program may use, one by one: handled, blocked and pending, queued with a value, ignored, reported by
// sigaction. Whatever signals the supervisor uses for itself, the guest's are all its own.
#include "check.h"
#include <signal.h>

static volatile int count, last_signal, last_value, last_code;

static void note(int signal, siginfo_t *info, void *context) {
    (void)context;
    count = count + 1;
    last_signal = signal;
    last_value = info->si_value.sival_int;
    last_code = info->si_code;
}

int main(void) {
    int used = 0;
    for (int number = 1; number <= SIGRTMAX; number++) {
        // Not to be caught, or libc's own.
        if (number == SIGKILL || number == SIGSTOP || (number > 31 && number < SIGRTMIN)) continue;
        used++;
        struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO }, old;
        sigset_t one, pending, start;
        sigemptyset(&one);
        sigaddset(&one, number);
        CHECK(sigaction(number, &action, NULL) == 0 && sigprocmask(SIG_UNBLOCK, &one, &start) == 0);
        count = 0;
        CHECK(raise(number) == 0 && count == 1 && last_signal == number && last_code == SI_TKILL);
        CHECK(kill(getpid(), number) == 0 && count == 2 && last_signal == number && last_code == SI_USER);
        CHECK(sigqueue(getpid(), number, (union sigval){ .sival_int = number * 3 }) == 0);
        CHECK(count == 3 && last_signal == number && last_value == number * 3 && last_code == SI_QUEUE);

        CHECK(sigprocmask(SIG_BLOCK, &one, NULL) == 0);
        for (int i = 0; i < 3; i++) CHECK(sigqueue(getpid(), number, (union sigval){ .sival_int = i }) == 0);
        CHECK(sigpending(&pending) == 0 && sigismember(&pending, number) && count == 3);
        CHECK(sigprocmask(SIG_UNBLOCK, &one, NULL) == 0);
        CHECK_EQUAL(count, number < SIGRTMIN ? 4 : 6); // classic signals are kept once, the others all

        action.sa_handler = SIG_IGN;
        action.sa_flags = SA_RESTART;
        CHECK(sigaction(number, &action, &old) == 0 && old.sa_sigaction == note && (old.sa_flags & SA_SIGINFO));
        CHECK(raise(number) == 0 && kill(getpid(), number) == 0);
        CHECK_EQUAL(count, number < SIGRTMIN ? 4 : 6);
        action.sa_handler = SIG_DFL;
        CHECK(sigaction(number, &action, &old) == 0 && old.sa_handler == SIG_IGN && (old.sa_flags & SA_RESTART));
        CHECK(sigprocmask(SIG_SETMASK, &start, NULL) == 0);
    }
    printf("%d signals\n", used);
    return check_ok();
}
