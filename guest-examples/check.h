// What every guest example shares: checks that say where they failed, and the one verdict line.
// Include it first: it asks libc for the GNU interfaces.
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHECK_INLINE static inline __attribute__((unused))

// Run before a failed program ends, so that a failure leaves no scratch directory behind.
static void (*check_cleanup)(void) __attribute__((unused));

// The program's name comes from its source file: argv[0] depends on who started it.
CHECK_INLINE const char *check_name(void) {
    static char name[64];
    if (name[0] == 0) {
        const char *slash = strrchr(__BASE_FILE__, '/');
        snprintf(name, sizeof name, "%s", slash ? slash + 1 : __BASE_FILE__);
        char *dot = strrchr(name, '.');
        if (dot) *dot = 0;
    }
    return name;
}

// Line buffering, so that what was said before a signal or an _exit is not lost when stdout is a pipe.
static __attribute__((constructor)) void check_start(void) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    check_name();
}

// Callable from any thread and from a handler: one write, and the whole process ends.
__attribute__((noreturn, format(printf, 3, 4))) CHECK_INLINE void check_failed(const char *file, int line,
                                                                               const char *format, ...) {
    char text[512];
    int saved = errno;
    size_t length = (size_t)snprintf(text, 128, "%s: FAILED: %s:%d: ", check_name(), file, line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, 300, format, arguments);
    va_end(arguments);
    length = strlen(text);
    length += (size_t)snprintf(text + length, 32, " (errno %d)\n", saved);
    if (write(STDOUT_FILENO, text, length) < 0) _exit(2);
    if (check_cleanup) check_cleanup();
    _exit(1);
}

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, "%s", #condition))

#define CHECK_EQUAL(left, right)                                                                                       \
    do {                                                                                                               \
        long long check_left = (long long)(left), check_right = (long long)(right);                                    \
        if (check_left != check_right)                                                                                 \
            check_failed(__FILE__, __LINE__, "%s is %lld (%#llx), %s is %lld (%#llx)", #left, check_left, check_left,  \
                         #right, check_right, check_right);                                                            \
    } while (0)

// The call returns -1 and sets errno to `error`.
#define CHECK_FAILS(call, error)                                                                                       \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        long long check_result = (long long)(call);                                                                    \
        if (check_result != -1 || errno != (error))                                                                    \
            check_failed(__FILE__, __LINE__, "%s gives %lld, not -1 with %s", #call, check_result, #error);            \
    } while (0)

CHECK_INLINE int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

CHECK_INLINE void sleep_us(long microseconds) {
    struct timespec wait = { microseconds / 1000000, microseconds % 1000000 * 1000 };
    while (nanosleep(&wait, &wait) != 0) CHECK(errno == EINTR);
}

// For what another thread, a timer or the kernel does "soon": a limit that only a hang reaches.
#define CHECK_EVENTUALLY(condition)                                                                                    \
    do {                                                                                                               \
        int64_t check_limit = clock_ns(CLOCK_MONOTONIC) + 20000000000LL;                                               \
        while (!(condition)) {                                                                                         \
            if (clock_ns(CLOCK_MONOTONIC) > check_limit)                                                               \
                check_failed(__FILE__, __LINE__, "not within 20 s: %s", #condition);                                   \
            sleep_us(500);                                                                                             \
        }                                                                                                              \
    } while (0)

CHECK_INLINE pthread_t thread_start(void *(*body)(void *), void *argument) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, body, argument), 0);
    return thread;
}

CHECK_INLINE void *thread_join(pthread_t thread) {
    void *result;
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    return result;
}

// A fixed sequence: every run does the same, so that a failure can be repeated.
CHECK_INLINE uint32_t random_next(uint64_t *state) {
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(*state >> 33);
}

CHECK_INLINE uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211ULL;
    return hash;
}
#define HASH_START 14695981039346656037ULL

CHECK_INLINE int check_ok(void) {
    CHECK(printf("%s: ok\n", check_name()) > 0);
    CHECK(fflush(stdout) == 0);
    return 0;
}

#endif
