// Calls capture() in all the ways that make a stack hard to walk. Each time the registers, what the C library's
// backtrace(3) finds, and all writable memory go to DIRECTORY/NAME.stack, and the mappings to DIRECTORY/NAME.maps.
#define _GNU_SOURCE
#include <alloca.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

// Not even changed copies of a function.
#define NOINLINE __attribute__((noipa))

static const char *directory;
static const char *name;
static volatile int sink;

static FILE *open_file(const char *suffix) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", directory, name, suffix);
    FILE *file = fopen(path, "w");
    if (file == NULL) abort();
    return file;
}

static void write_memory(FILE *file, FILE *copy) {
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL) abort();
    while (fgets(line, sizeof line, maps) != NULL) {
        uint64_t head[2], end, offset, inode;
        char mode[5];
        fputs(line, copy);
        if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &head[0], &end, mode, &offset, &inode) != 5) abort();
        head[1] = end - head[0];
        if (strncmp(mode, "rw", 2) != 0 || inode != 0 || head[1] > 1 << 20) continue;
        fwrite(head, sizeof head, 1, file);
        fwrite((void *)head[0], 1, head[1], file);
    }
    fclose(maps);
}

NOINLINE static void capture(void) {
    static const int order[17] = {
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
        REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
    };
    ucontext_t context;
    void *found[100];
    uint64_t words[18];
    getcontext(&context);
    words[17] = (uint64_t)backtrace(found, 100);
    for (int i = 0; i < 17; i++) words[i] = (uint64_t)context.uc_mcontext.gregs[order[i]];
    FILE *file = open_file("stack"), *maps = open_file("maps");
    fwrite(words, sizeof words, 1, file);
    fwrite(found, sizeof(void *), words[17], file);
    write_memory(file, maps);
    fclose(file);
    fclose(maps);
    sink++;
}

NOINLINE static int in_plain(int n) {
    capture();
    return n + sink;
}

NOINLINE static int in_recursion(int n) {
    int result = n == 0 ? in_plain(n) : in_recursion(n - 1);
    return result + sink;
}

NOINLINE static int in_alloca(int n) {
    char *room = alloca((size_t)n * 100);
    memset(room, 1, (size_t)n * 100);
    capture();
    return room[n] + sink;
}

// A frame whose address is not a register and an offset, but an expression.
NOINLINE static int in_aligned(int n) {
    _Alignas(64) char aligned[128];
    char *room = alloca((size_t)n * 10);
    memset(aligned, n, sizeof aligned);
    memset(room, n, (size_t)n * 10);
    capture();
    return aligned[n] + room[n] + sink;
}

NOINLINE static int compare(const void *left, const void *right) {
    if (sink == 0) capture();
    return *(const int *)left - *(const int *)right;
}

NOINLINE static int in_sort(int n) {
    int numbers[] = {3, n, 1};
    qsort(numbers, 3, sizeof numbers[0], compare);
    return numbers[0] + sink;
}

NOINLINE static void handler(int number) {
    capture();
    sink += number;
}

NOINLINE static int in_signal(int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    stack_t stack = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};
    if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGSEGV, &action, NULL) != 0) abort();
    if (sigaction(SIGUSR1, &action, NULL) != 0) abort();
    raise(SIGUSR1);
    return sink;
}

// Interrupted at its first instruction: in front of it is another function.
NOINLINE __attribute__((naked)) static void fault(void) {
    __asm__("ud2\n ret");
}

NOINLINE static void skip_fault(int number, siginfo_t *information, void *context) {
    (void)information;
    capture();
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
    sink += number;
}

NOINLINE static int in_fault(int n) {
    struct sigaction action = {.sa_sigaction = skip_fault, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGILL, &action, NULL) != 0) abort();
    fault();
    return n + sink;
}

NOINLINE static void *in_thread(void *argument) {
    capture();
    return argument;
}

NOINLINE static int make_thread(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    if (pthread_create(&thread, &attributes, in_thread, NULL) != 0) abort();
    return pthread_join(thread, NULL) + sink;
}

// The call is the last instruction of its function: it never comes back.
NOINLINE __attribute__((noreturn)) static void in_last_call(void) {
    capture();
    exit(0);
}

// push %rbp; mov %rsp, %rbp; call *%rdi; pop %rbp; ret: in memory that is no file's.
NOINLINE static int in_generated(void) {
    static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) abort();
    memcpy(page, code, sizeof code);
    ((void (*)(void (*)(void)))page)(capture);
    return sink;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    directory = arguments[1];
    name = arguments[2];
    if (strcmp(name, "plain") == 0) in_plain(count);
    if (strcmp(name, "recursion") == 0) in_recursion(40);
    if (strcmp(name, "alloca") == 0) in_alloca(count);
    if (strcmp(name, "aligned") == 0) in_aligned(count);
    if (strcmp(name, "sort") == 0) in_sort(count);
    if (strcmp(name, "signal") == 0) in_signal(0);
    if (strcmp(name, "altstack") == 0) in_signal(SA_ONSTACK);
    if (strcmp(name, "fault") == 0) in_fault(count);
    if (strcmp(name, "thread") == 0) make_thread();
    if (strcmp(name, "generated") == 0) in_generated();
    if (strcmp(name, "last") == 0) in_last_call();
    return sink == 0;
}
