// Dispositions, masks and pending signals of a single thread: what sigaction stores, when a signal sent to oneself is
// delivered, what its siginfo says.
#include "check.h"
#include <signal.h>
#include <sys/syscall.h>

static volatile int count, nested, depth, last_code, last_signal;
static volatile pid_t last_sender;

static void note(int signal, siginfo_t *info, void *context) {
    (void)context;
    CHECK_EQUAL(signal, info->si_signo);
    count = count + 1;
    last_signal = signal;
    last_code = info->si_code;
    last_sender = info->si_pid;
}

static void raises_again(int signal, siginfo_t *info, void *context) {
    (void)info, (void)context;
    depth = depth + 1;
    if (depth > nested) nested = depth;
    count = count + 1;
    if (count < 3) raise(signal); // blocked while its own handler runs, unless SA_NODEFER
    depth = depth - 1;
}

static void set(int signal, void (*handler)(int, siginfo_t *, void *), int flags, int also_blocked) {
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };
    sigemptyset(&action.sa_mask);
    if (also_blocked) sigaddset(&action.sa_mask, also_blocked);
    CHECK(sigaction(signal, &action, NULL) == 0);
    count = nested = depth = 0;
}

static int is_pending(int signal) {
    sigset_t pending;
    CHECK(sigpending(&pending) == 0);
    return sigismember(&pending, signal);
}

int main(void) {
    struct sigaction action;
    sigset_t set_one, old;

    // A signal sent to oneself and not blocked is delivered before the call returns.
    set(SIGUSR1, note, SA_RESTART, SIGUSR2);
    for (int i = 1; i <= 100; i++) {
        CHECK(kill(getpid(), SIGUSR1) == 0);
        CHECK_EQUAL(count, i);
    }
    CHECK(last_code == SI_USER && last_sender == getpid());
    CHECK(raise(SIGUSR1) == 0 && count == 101 && last_code == SI_TKILL);
    CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
    CHECK(action.sa_sigaction == note && (action.sa_flags & (SA_SIGINFO | SA_RESTART)) == (SA_SIGINFO | SA_RESTART));
    CHECK(sigismember(&action.sa_mask, SIGUSR2) == 1 && sigismember(&action.sa_mask, SIGINT) == 0);
    printf("delivery ok\n");

    // Blocked: pending, once however often it is sent, delivered by the call that unblocks it.
    sigemptyset(&set_one);
    sigaddset(&set_one, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set_one, &old) == 0 && sigismember(&old, SIGUSR1) == 0);
    count = 0;
    for (int i = 0; i < 3; i++) CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(count == 0 && is_pending(SIGUSR1) && !is_pending(SIGUSR2));
    CHECK(sigprocmask(SIG_UNBLOCK, &set_one, &old) == 0 && sigismember(&old, SIGUSR1) == 1);
    CHECK(count == 1 && !is_pending(SIGUSR1));
    // Ignoring a pending signal discards it.
    CHECK(sigprocmask(SIG_BLOCK, &set_one, NULL) == 0 && raise(SIGUSR1) == 0 && is_pending(SIGUSR1));
    CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR && !is_pending(SIGUSR1));
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
    set(SIGUSR1, note, 0, 0);
    CHECK(sigprocmask(SIG_UNBLOCK, &set_one, NULL) == 0 && count == 0);
    printf("pending ok\n");

    // Without SA_NODEFER the second waits for the first handler's end, with it they nest.
    set(SIGUSR2, raises_again, 0, 0);
    CHECK(raise(SIGUSR2) == 0 && count == 3 && nested == 1);
    set(SIGUSR2, raises_again, SA_NODEFER, 0);
    CHECK(raise(SIGUSR2) == 0 && count == 3 && nested == 3);
    set(SIGUSR2, note, SA_RESETHAND, 0);
    CHECK(raise(SIGUSR2) == 0 && count == 1);
    CHECK(sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    printf("nesting ok\n");

    // Ignored by default: these arrive and nothing happens.
    CHECK(raise(SIGCHLD) == 0 && raise(SIGURG) == 0 && raise(SIGWINCH) == 0 && raise(SIGCONT) == 0);
    // The mask never holds KILL and STOP, and their disposition cannot be changed.
    sigfillset(&set_one);
    CHECK(sigprocmask(SIG_SETMASK, &set_one, &old) == 0 && sigprocmask(SIG_SETMASK, &old, &set_one) == 0);
    CHECK(!sigismember(&set_one, SIGKILL) && !sigismember(&set_one, SIGSTOP) && sigismember(&set_one, SIGSEGV));
    action.sa_handler = SIG_IGN;
    CHECK_FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
    CHECK_FAILS(sigaction(SIGSTOP, &action, NULL), EINVAL);
    CHECK_FAILS(sigaction(65, &action, NULL), EINVAL);
    CHECK_FAILS(kill(getpid(), 65), EINVAL);
    CHECK(kill(getpid(), 0) == 0);
    CHECK_FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set_one, NULL, 4), EINVAL);
    CHECK_FAILS(syscall(SYS_rt_sigprocmask, 77, &set_one, NULL, 8), EINVAL);
    return check_ok();
}
