// What the loader and libc's start-up must have done before main: data and zeroed memory in place, pointers relocated,
// functions resolved at load time, constructors run in order, thread-local templates copied; and after main the
// destructors.
#include "check.h"

enum { BIG = 8 << 20, TABLE = 2000 };

static int initialised = 42, zero;
static char big[BIG]; // .bss, not in the file
static char filled[5000] = { 'a', [2500] = 'b', [4999] = 'c' };
static const char text[] = "read only", *const words[] = { "pointers", "to", "constants", text };
static char aligned[64] __attribute__((aligned(8192)));
static __thread int local = 7;
static __thread char local_zero[3000];
static int order[8], order_length;

// Every entry is a relocation in a position-independent program.
static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static int multiply(int a, int b) { return a * b; }
static int (*const operations[])(int, int) = { add, subtract, multiply };
struct node {
    struct node *next;
    int value;
};
static struct node third = { NULL, 3 }, second = { &third, 2 }, first = { &second, 1 };
static int *const into_the_middle = &order[3];
extern int not_defined_anywhere __attribute__((weak));
int weak_default(void) __attribute__((weak));
int weak_default(void) { return 5; }

// Chosen by a resolver that runs while the program is being relocated.
static int chosen(void) { return 77; }
static int (*resolve(void))(void) { return chosen; }
int indirect(void) __attribute__((ifunc("resolve")));

__attribute__((constructor(102))) static void construct_second(void) { order[order_length++] = 2; }
__attribute__((constructor(101))) static void construct_first(void) { order[order_length++] = 1; }
__attribute__((constructor)) static void construct_last(void) {
    order[order_length++] = 3;
    initialised += zero + 1; // data is ready for them
}
__attribute__((destructor)) static void destroy(void) {
    // After main and its exit handlers: still all there. The verdict is out by then, so say only what is wrong.
    CHECK(initialised == 44 && order[7] == 9 && big[BIG - 1] == 1);
}
static void at_exit(void) { order[7] = 9; }

static void *sees_fresh_locals(void *argument) {
    CHECK_EQUAL(local, 7);
    for (size_t i = 0; i < sizeof local_zero; i++) CHECK_EQUAL(local_zero[i], 0);
    local = 8;
    return argument;
}

int main(void) {
    CHECK(initialised == 43 && zero == 0 && order_length == 3);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(order[i], i + 1);
    for (int i = 0; i < BIG; i += 64) CHECK_EQUAL(big[i], 0);
    for (int i = 0; i < 5000; i++) CHECK_EQUAL(filled[i], i == 0 ? 'a' : i == 2500 ? 'b' : i == 4999 ? 'c' : 0);
    CHECK((uintptr_t)aligned % 8192 == 0);
    CHECK(strcmp(words[0], "pointers") == 0 && strcmp(words[1], "to") == 0 && words[3] == text &&
          strcmp(words[3], "read only") == 0);
    CHECK(operations[0](7, 3) == 10 && operations[1](7, 3) == 4 && operations[2](7, 3) == 21);
    CHECK(first.next->next->value == 3 && first.next->next->next == NULL && into_the_middle - order == 3);
    CHECK(&not_defined_anywhere == NULL && weak_default() == 5);
    CHECK_EQUAL(indirect(), 77);
    printf("data and relocations ok\n");

    local = 70;
    local_zero[100] = 1;
    for (int i = 0; i < 3; i++) thread_join(thread_start(sees_fresh_locals, NULL));
    CHECK(local == 70 && local_zero[100] == 1);

    // Written all over, in an order that meets every page several times.
    for (int round = 1; round <= 3; round++)
        for (int i = 0; i < TABLE; i++) big[(int64_t)i * 7919 * 4099 % BIG] = (char)(round + i);
    for (int i = 0; i < TABLE; i++) CHECK_EQUAL(big[(int64_t)i * 7919 * 4099 % BIG], (char)(3 + i));
    initialised = 44;
    big[BIG - 1] = 1;
    CHECK(atexit(at_exit) == 0);
    return check_ok();
}
