// Random system calls by the thousand, from several threads: numbers inside the table and outside, arguments that hit
// something and arguments that are nothing. Nobody looks at what the calls return: whoever started this looks at the
// process that it runs in.
//
// usage: syscall_fuzzer SEED CALLS THREADS [tame|wild [log]]
//
// The same words make the same calls in each thread, as far as what they meet is the same. A tame run spares what it
// lives by, comes to its end, and closes all that it had: at "middle" and at "end" it has nothing but its standard
// descriptors and its first thread, and waits for a line on standard input. The line after "begin" may name the
// supervisor's threads and addresses, in hexadecimal. A wild run may end in any way. `log` says each call before it is
// made.
//
// As root it could harm the machine: it runs only in a user namespace, such as the tests make for it.
#include "syscall_fuzzer/spare.h"

enum { ALTERNATE_STACK = 64 << 10, WILD_SECONDS = 4, CALLS_OF_A_CHILD = 4 };

static char alternate_stacks[THREADS_MAX][ALTERNATE_STACK] __attribute__((aligned(ALTERNATE_STACK)));
static int is_logged;
static volatile unsigned begun, ended, thread_count;

// One syscall instruction for all calls, so that it is rewritten soon. A child or a new thread has no stack that could
// be returned on: it ends where it began.
static long make(long number, const uint64_t *a) {
    register uint64_t r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
    long result;
    int makes_task = number == SYS_clone || number == SYS_clone3 || number == SYS_fork || number == SYS_vfork;
    __asm__ volatile("syscall\n\t"
                     "test %k[task], %k[task]\n\t"
                     "jz 1f\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov $60, %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result), "+r"(r10), "+r"(r8), "+r"(r9)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), [task] "b"(makes_task)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

static long raw(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    const uint64_t arguments[6] = { a, b, c, d };
    return make(number, arguments);
}

static void end_by_fault(const siginfo_t *info, const ucontext_t *context) {
    char line[128];
    int count = snprintf(line, sizeof line, "fault at %p, address %p\n",
                         (void *)context->uc_mcontext.gregs[REG_RIP], info->si_addr);
    raw(SYS_write, 2, (uint64_t)line, (uint64_t)count, 0);
    raw(SYS_exit_group, 3, 0, 0, 0);
}

// A fault in the fuzzer's own code: the thread whose stack this runs on goes on with its next call.
static void take_signal(int signal, siginfo_t *info, void *context) {
    uint64_t place = (uint64_t)__builtin_frame_address(0), first = (uint64_t)alternate_stacks;
    if ((signal != SIGSEGV && signal != SIGBUS) || info->si_code <= 0) return;
    uint64_t index = (place - first) / ALTERNATE_STACK;
    if (place < first || index >= THREADS_MAX || !threads[index].recovers) end_by_fault(info, context);
    siglongjmp(threads[index].recovery, 1);
}

static void *do_nothing(void *argument) {
    return argument;
}

static void install_handlers(void) {
    // libc installs its own two handlers with the first thread.
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, do_nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
    struct sigaction action = { .sa_sigaction = take_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    uint64_t installed[4] = { 0 };
    sigaction(NUDGE, &action, NULL);
    raw(SYS_rt_sigaction, NUDGE, 0, (uint64_t)installed, 8);
    // Not by libc, which keeps those two signals for itself.
    for (uint64_t signal = 1; signal <= 64; signal++) raw(SYS_rt_sigaction, signal, (uint64_t)installed, 0, 8);
    handler_entry = (void *)installed[0], handler_restorer = (void *)installed[2];
}

static void say_call(struct fuzzer_thread *thread, long number, const uint64_t *a) {
    char line[256];
    int count = snprintf(line, sizeof line, "%d.%lu: %ld(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n", thread->index,
                         thread->calls, number, a[0], a[1], a[2], a[3], a[4], a[5]);
    raw(SYS_write, 2, (uint64_t)line, (uint64_t)count, 0);
}

static void choose(struct fuzzer_thread *thread, long *number, uint64_t *a) {
    static unsigned weights;
    if (!weights) for (size_t i = 0; i < CALL_COUNT; i++) weights += calls[i].weight;
    struct chance *chance = &thread->chance;
    uint64_t at = below(chance, weights);
    const struct call *call = calls;
    for (; at >= call->weight; call++) at -= call->weight;
    *number = call->number;
    const int is_odd = one_in(chance, 12);
    if (is_odd && one_in(chance, 2)) *number = (long)below(chance, 520);
    if (is_odd && one_in(chance, 8)) *number = (long)any_word(chance);
    if (names_process(*number)) for (call = calls; call->number != *number; call++);
    const int is_apt = !is_odd || names_process(*number);
    const char *kinds = is_apt ? call->kinds : "";
    size_t count = strlen(kinds);
    for (size_t i = 0; i < 6; i++) {
        char kind = i < count ? kinds[i] : (is_apt ? '0' : "bidulp"[below(chance, 6)]);
        a[i] = argument(kind, thread->desk.words[i], chance);
        if (!is_apt && i < 3) a[i] = spared(a[i]);
    }
}

// A tame run keeps nothing that the host put elsewhere.
static void give_back(long number, const uint64_t *a, long result) {
    if (is_wild || result < 0 || (number != SYS_mmap && number != SYS_mremap)) return;
    uint64_t length = number == SYS_mmap ? a[1] : a[2];
    if (is_playground((uint64_t)result)) return;
    raw(SYS_munmap, (uint64_t)result, (length + PAGE - 1) & -(uint64_t)PAGE, 0, 0);
}

static void touch_memory(struct chance *chance) {
    volatile char *byte = playground + below(chance, PLAYGROUND_PAGES * PAGE);
    if (one_in(chance, 2)) *byte = (char)any_word(chance);
    else (void)*byte;
}

static void one_call(struct fuzzer_thread *thread) {
    struct chance *chance = &thread->chance;
    uint64_t a[6];
    long number;
    if (one_in(chance, 8)) touch_memory(chance);
    if (one_in(chance, 30)) open_some(chance);
    if (one_in(chance, 200)) raw(SYS_chdir, (uint64_t)texts->scratch, 0, 0, 0);
    // Its own memory is there again from time to time.
    if (one_in(chance, 100)) {
        const uint64_t again[6] = { (uint64_t)playground, PLAYGROUND_PAGES * PAGE, 3, 0x4032, -1, 0 };
        make(SYS_mmap, again);
    }
    choose(thread, &number, a);
    if (!spare(number, a, chance)) return;
    if (is_logged) say_call(thread, number, a);
    give_back(number, a, make(number, a));
}

static void *fuzz(void *argument) {
    struct fuzzer_thread *thread = argument;
    stack_t stack = { .ss_sp = alternate_stacks[thread->index], .ss_size = ALTERNATE_STACK };
    sigaltstack(&stack, NULL);
    own_threads[thread->index] = (pid_t)raw(SYS_gettid, 0, 0, 0, 0);
    unsigned long until = thread->calls;
    thread->calls = 0;
    __atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST);
    // A stack must not be mapped where another thread has just unmapped some of the playground: it comes back there.
    while (begun < thread_count) raw(SYS_sched_yield, 0, 0, 0, 0);
    while (thread->calls < until) {
        const uint64_t none = 0;
        thread->calls++;
        thread->recovers = 1;
        if (sigsetjmp(thread->recovery, 0) == 0) one_call(thread);
        thread->recovers = 0;
        if (!is_wild || one_in(&thread->chance, 16)) raw(SYS_rt_sigprocmask, SIG_SETMASK, (uint64_t)&none, 0, 8);
    }
    own_threads[thread->index] = 0;
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    // Not by libc: what it would wait for or clean up may be something else by now.
    for (;;) raw(SYS_exit, 0, 0, 0, 0);
    return NULL;
}

static long seconds_now(void) {
    struct timespec now = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

// Runs the threads to their ends. Those that wait are woken again and again by a signal.
static void run_threads(int count, unsigned long calls_each) {
    const long limit = seconds_now() + WILD_SECONDS;
    begun = ended = 0;
    thread_count = (unsigned)count;
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        threads[i].index = i, threads[i].calls = calls_each;
        CHECK(pthread_create(&thread, NULL, fuzz, &threads[i]) == 0);
    }
    struct sigaction action = { .sa_sigaction = take_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    while (ended < (unsigned)count) {
        const struct timespec pause = { 0, 3000000 };
        raw(SYS_nanosleep, (uint64_t)&pause, 0, 0, 0);
        sigaction(NUDGE, &action, NULL);
        for (int i = 0; i < count; i++)
            if (own_threads[i]) raw(SYS_tgkill, (uint64_t)own_pid, (uint64_t)own_threads[i], NUDGE, 0);
        if (is_wild && seconds_now() > limit) raw(SYS_exit_group, 0, 0, 0, 0);
    }
}

// Nothing of what the threads had is left.
static void close_all(void) {
    const uint64_t no_time[4] = { 0 };
    for (uint64_t timer = 0; timer < 100000 && raw(SYS_timer_delete, timer, 0, 0, 0) != 0 && timer < 2000; timer++) {}
    for (uint64_t timer = 0; timer < 20000; timer++) raw(SYS_timer_delete, timer, 0, 0, 0);
    for (uint64_t kind = 0; kind < 3; kind++) raw(SYS_setitimer, kind, (uint64_t)no_time, 0, 0);
    raw(SYS_close_range, FIRST_DESCRIPTOR, ~0u, 0, 0);
    const uint64_t again[6] = { (uint64_t)playground, PLAYGROUND_PAGES * PAGE, 3, 0x4032, -1, 0 };
    make(SYS_mmap, again);
    raw(SYS_chdir, (uint64_t)texts->scratch, 0, 0, 0);
}

// Says where the run is and waits for whoever watches. What it says then may be addresses.
static void meet(const char *where) {
    char line[8192], *cursor = line;
    int count = snprintf(line, sizeof line, "%s\n", where);
    raw(SYS_write, 1, (uint64_t)line, (uint64_t)count, 0);
    size_t length = 0;
    while (length < sizeof line - 1) {
        long result = raw(SYS_read, 0, (uint64_t)line + length, 1, 0);
        if (result == -EINTR) continue;
        if (result <= 0 || line[length++] == '\n') break;
    }
    line[length] = 0;
    for (char *end; host_place_count < HOST_PLACES_MAX && host_task_count < TASKS_MAX; cursor = end) {
        uint64_t word = strtoull(cursor, &end, 16);
        if (end == cursor) break;
        if (word < PIDS_MAX) host_tasks[host_task_count++] = (pid_t)word;
        else host_places[host_place_count++] = word;
    }
}

// Root within a user namespace is not the machine's, and neither is anybody else there.
static void require_sandbox(void) {
    unsigned long inside = 0, outside = 0, count = 0;
    FILE *map = fopen("/proc/self/uid_map", "r");
    CHECK(map != NULL && fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3);
    fclose(map);
    if (count == 1 && outside != 0) return;
    fprintf(stderr, "syscall_fuzzer: runs only in a user namespace of one user who is not root (unshare -r)\n");
    exit(64);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: syscall_fuzzer SEED CALLS THREADS [tame|wild [log]]\n");
        return 64;
    }
    const uint64_t seed = strtoull(argv[1], NULL, 0);
    const unsigned long count = strtoul(argv[2], NULL, 0);
    const int thread_count = atoi(argv[3]);
    CHECK(thread_count > 0 && thread_count <= THREADS_MAX);
    is_wild = argc > 4 && strcmp(argv[4], "wild") == 0;
    is_logged = argc > 5;
    require_sandbox();
    own_pid = getpid();
    prepare_memory();
    prepare_files();
    install_handlers();
    heap_end = sbrk(0);
    printf("seed %llu\n", (unsigned long long)seed);
    meet("begin");
    prepare_texts();
    for (int i = 0; i < thread_count; i++) threads[i].chance.state = seed * THREADS_MAX + (uint64_t)i;
    // What the supervisor keeps for later is there once it has been needed: the first half of the calls does that.
    run_threads(thread_count, count / 2 / (unsigned long)thread_count);
    close_all();
    meet("middle");
    run_threads(thread_count, count / 2 / (unsigned long)thread_count);
    close_all();
    meet("end");
    raw(SYS_write, 1, (uint64_t) "syscall_fuzzer: ok\n", 19, 0);
    raw(SYS_exit_group, 0, 0, 0, 0);
}
