#define _GNU_SOURCE
#include "include/thread_gate.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 3
#define SECOND 1000000000L

static _Atomic unsigned int counted_threads;
static _Atomic unsigned int is_closed;
static _Thread_local bool is_counted;

static void wait_while(_Atomic unsigned int *word, unsigned int value, const struct timespec *timeout) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout, NULL, 0);
}

static void wake(_Atomic unsigned int *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

// A pair of store-then-load handshakes, as a stop of the guest's threads: either this one sees the gate closed, or who
// has closed it sees this one.
static void enter(void) {
    while (1) {
        atomic_fetch_add(&counted_threads, 1);
        if (!atomic_load(&is_closed)) return;
        thread_gate_drop();
        while (atomic_load(&is_closed)) wait_while(&is_closed, 1, NULL);
    }
}

void thread_gate_join(void) {
    enter();
    is_counted = true;
}

void thread_gate_quit(void) {
    if (!is_counted) return;
    is_counted = false;
    thread_gate_drop();
}

// Who makes a thread counts itself, or is a guest's that is not stopped: nobody has got through closing the gate.
void thread_gate_add(void) {
    atomic_fetch_add(&counted_threads, 1);
}

void thread_gate_adopt(void) {
    is_counted = true;
}

void thread_gate_drop(void) {
    atomic_fetch_sub(&counted_threads, 1);
    if (atomic_load(&is_closed)) wake(&counted_threads);
}

void thread_gate_pause(void) {
    if (is_counted) thread_gate_drop();
}

// What the call in between has left in errno stays there.
void thread_gate_resume(void) {
    if (!is_counted) return;
    int saved = errno;
    enter();
    errno = saved;
}

static long now_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

bool thread_gate_close(void) {
    long waited = 0;
    long before = now_nanoseconds();
    atomic_store(&is_closed, 1);
    while (1) {
        unsigned int left = atomic_load(&counted_threads);
        if (left == 0) return true;
        if (waited >= PATIENCE_SECONDS * SECOND) break;
        struct timespec second = {.tv_sec = 1};
        wait_while(&counted_threads, left, &second);
        // A stop of the whole process by job control may have come between, and does not count.
        long now = now_nanoseconds();
        waited += now - before < 2 * SECOND ? now - before : SECOND;
        before = now;
    }
    thread_gate_open();
    return false;
}

void thread_gate_open(void) {
    atomic_store(&is_closed, 0);
    wake(&is_closed);
}

void thread_gate_reset(void) {
    atomic_store(&counted_threads, 1);
    atomic_store(&is_closed, 0);
    is_counted = true;
}
