// Coroutines by ucontext: stacks of the program's own making, changed at every step. A context that was saved in one
// thread goes on in another, and each keeps its signal mask.
#include "check.h"
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { COUNT = 8, STACK = 64 * 1024, ROUNDS = 200 };
static struct coroutine {
    ucontext_t context;
    uint64_t state, produced;
    int done;
} coroutines[COUNT];
static __thread ucontext_t scheduler;
static ucontext_t *volatile back_to[COUNT]; // where this coroutine yields to: whoever resumed it last

static void yield(int self) { CHECK(swapcontext(&coroutines[self].context, back_to[self]) == 0); }

// Values on the coroutine's stack and in floating point registers live across the switches, at several depths.
__attribute__((noinline)) static double produce(int self, int depth, double scale) {
    volatile uint64_t guard = coroutines[self].state;
    double result = 0;
    for (int i = 0; i < ROUNDS / 8; i++) {
        coroutines[self].produced = coroutines[self].state = coroutines[self].state * 3 + (uint64_t)depth;
        double kept = scale * i;
        yield(self);
        result += kept;
    }
    if (depth > 0) result += produce(self, depth - 1, scale + 1);
    CHECK(guard != 0);
    return result;
}

static void body(int self, int high, int low) { // makecontext passes ints only
    CHECK_EQUAL((uint64_t)(unsigned)high << 32 | (unsigned)low, 0x123456789abcdef0);
    double total = produce(self, 7, self), expected = 0;
    for (int depth = 7; depth >= 0; depth--) expected += (self + 7 - depth) * (ROUNDS / 8) * (ROUNDS / 8 - 1) / 2.0;
    CHECK(total == expected);
    coroutines[self].done = 1;
    yield(self);
    check_failed(__FILE__, __LINE__, "coroutine %d resumed after its end", self);
}

static void *resumes_all(void *argument) {
    for (int self = 0; self < COUNT; self++) {
        uint64_t before = coroutines[self].state;
        back_to[self] = &scheduler;
        CHECK(swapcontext(&scheduler, &coroutines[self].context) == 0);
        if (!coroutines[self].done)
            CHECK(coroutines[self].state != before && coroutines[self].produced == coroutines[self].state);
    }
    return argument;
}

static void prepare(void) {
    for (volatile int i = 0; i < COUNT; i++) { // volatile: getcontext may return twice, as far as the compiler knows
        CHECK(getcontext(&coroutines[i].context) == 0);
        void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        CHECK(stack != MAP_FAILED);
        coroutines[i].context.uc_stack.ss_sp = stack;
        coroutines[i].context.uc_stack.ss_size = STACK;
        coroutines[i].state = (uint64_t)i + 1;
        sigemptyset(&coroutines[i].context.uc_sigmask);
        if (i % 2) sigaddset(&coroutines[i].context.uc_sigmask, SIGUSR1);
        makecontext(&coroutines[i].context, (void (*)(void))body, 3, i, 0x12345678, (int)0x9abcdef0);
    }
}

int main(void) {
    prepare();
    // Mostly here, now and then for a turn in another thread. (Thread-local data of the coroutine would follow the
    // thread.)
    for (int round = 0; round < ROUNDS + 1; round++) {
        if (round % 20 == 7)
            thread_join(thread_start(resumes_all, NULL));
        else
            resumes_all(NULL);
        sigset_t mask;
        CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGUSR1)); // ours came back
    }
    uint64_t hash = HASH_START;
    for (int i = 0; i < COUNT; i++) {
        CHECK(coroutines[i].done);
        hash = hash_bytes(hash, &coroutines[i].state, 8);
    }
    printf("%d coroutines, checksum %016llx\n", COUNT, (unsigned long long)hash);
    return check_ok();
}
