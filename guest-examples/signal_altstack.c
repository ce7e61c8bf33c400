// Handlers on an alternate stack: nested, left by siglongjmp, entered from a stack that has no room left. Each thread
// has its own.
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { STACK = 64 * 1024 };
static __thread char *alternate;
static __thread sigjmp_buf escape;
static __thread volatile int depth, deepest, on_stack, escapes;

static int inside(const void *address) {
    return (const char *)address >= alternate && (const char *)address < alternate + STACK;
}

static void nests(int signal) {
    char here;
    stack_t now;
    CHECK(inside(&here));
    CHECK(sigaltstack(NULL, &now) == 0 && now.ss_flags == SS_ONSTACK && now.ss_sp == alternate && now.ss_size == STACK);
    // In use, so it cannot be changed.
    stack_t other = { .ss_sp = alternate, .ss_size = STACK };
    CHECK_FAILS(sigaltstack(&other, NULL), EPERM);
    on_stack = on_stack + 1;
    depth = depth + 1;
    if (depth > deepest) deepest = depth;
    // The second SIGUSR1 goes on top of the first frame, not over it. Another handler in between stays on it too.
    if (depth < 5) raise(depth % 2 ? SIGUSR2 : signal);
    depth = depth - 1;
}

static void stays_on_current(int signal) {
    char here;
    CHECK(inside(&here)); // no SA_ONSTACK, but the thread is on that stack already
    depth = depth + 1;
    if (depth < 5) raise(SIGUSR1);
    depth = depth - 1;
    (void)signal;
}

static void jumps_out(int signal) {
    (void)signal;
    char here;
    CHECK(inside(&here));
    escapes = escapes + 1;
    siglongjmp(escape, 1);
}

__attribute__((noinline)) static int recurse(int level) {
    if (level == 1 << 30) return 0; // never: the stack ends long before
    volatile char frame[4096];
    frame[0] = (char)level;
    return recurse(level + 1) + frame[0];
}

static void *body(void *argument) {
    alternate = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(alternate != MAP_FAILED);
    stack_t stack = { .ss_sp = alternate, .ss_size = STACK }, old;
    CHECK(sigaltstack(&stack, &old) == 0 && (old.ss_flags & SS_DISABLE)); // a new thread has none
    for (int j = 0; j < 200; j++) {
        CHECK(raise(SIGUSR1) == 0);
        CHECK_EQUAL(depth, 0);
    }
    CHECK_EQUAL(deepest, 5);
    CHECK_EQUAL(on_stack, 3 * 200);

    // Leaving by a jump leaves the alternate stack as well, and brings the mask back: it can happen again.
    volatile int i; // must survive the jump
    for (i = 0; i < 200; i++) {
        if (sigsetjmp(escape, 1) == 0) raise(SIGTERM);
        CHECK_EQUAL(escapes, i + 1);
    }
    // Two real overflows: the fault finds no room on the stack, the handler runs elsewhere.
    for (i = 0; i < 2; i++) {
        if (sigsetjmp(escape, 1) == 0) recurse(0);
        CHECK_EQUAL(escapes, 201 + i);
    }
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == 0 && old.ss_sp == alternate);

    stack.ss_size = 100;
    CHECK_FAILS(sigaltstack(&stack, NULL), ENOMEM);
    stack = (stack_t){ .ss_flags = 0x123, .ss_sp = alternate, .ss_size = STACK };
    CHECK_FAILS(sigaltstack(&stack, NULL), EINVAL);
    stack = (stack_t){ .ss_flags = SS_DISABLE };
    CHECK(sigaltstack(&stack, NULL) == 0 && munmap(alternate, STACK) == 0);
    return argument;
}

static void set(int signal, void (*handler)(int), int flags) {
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    CHECK(sigaction(signal, &action, NULL) == 0);
}

int main(void) {
    // A modest limit keeps the overflow short where the inherited one is large or unlimited.
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    limit.rlim_cur = 1 << 20;
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);

    set(SIGUSR1, nests, SA_ONSTACK | SA_NODEFER);
    set(SIGUSR2, stays_on_current, SA_NODEFER);
    set(SIGTERM, jumps_out, SA_ONSTACK);
    set(SIGSEGV, jumps_out, SA_ONSTACK);
    body(NULL);
    printf("main thread ok\n");
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) threads[i] = thread_start(body, NULL);
    for (int i = 0; i < 3; i++) thread_join(threads[i]);
    printf("other threads ok\n");
    return check_ok();
}
