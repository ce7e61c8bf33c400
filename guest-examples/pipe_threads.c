// Blocked readers and writers: writes far larger than the pipe to a slow reader, many writers whose records must stay
// whole, a chain of pipes, and a writer that is blocked when its reader goes away. A byte written twice, or lost, at a
// stop shows.
#include "check.h"
#include <signal.h>

enum { LARGE = 700000, WRITERS = 4, RECORDS = 150, STAGES = 5 };
static int ends[2], stages[STAGES][2];

static void read_fully(int descriptor, void *to, size_t size) {
    for (size_t got = 0; got < size;) {
        ssize_t n = read(descriptor, (char *)to + got, size - got);
        CHECK(n > 0);
        got += (size_t)n;
    }
}

static unsigned char byte_at(size_t i) { return (unsigned char)(i ^ i >> 8 ^ i >> 16); }

static void *writes_large(void *argument) {
    unsigned char *bytes = malloc(LARGE);
    CHECK(bytes != NULL);
    for (size_t i = 0; i < LARGE; i++) bytes[i] = byte_at(i);
    CHECK_EQUAL(write(ends[1], bytes, LARGE), LARGE); // one call, blocked many times, and complete
    free(bytes);
    return argument;
}

// A record of up to PIPE_BUF bytes is atomic: it names its writer and its number in every word.
static void *writes_records(void *argument) {
    uint32_t record[1024];
    for (uint32_t i = 0; i < RECORDS; i++) {
        uint32_t words = 2 + (i * 37 + (uint32_t)(uintptr_t)argument) % 1023;
        if (words > 1024) words = 1024;
        for (uint32_t j = 1; j < words; j++) record[j] = (uint32_t)(uintptr_t)argument << 16 | i;
        record[0] = words;
        CHECK_EQUAL(write(ends[1], record, words * 4), words * 4);
    }
    return NULL;
}

static void *passes_on(void *argument) {
    int stage = (int)(intptr_t)argument;
    uint64_t number;
    for (ssize_t n; (n = read(stages[stage][0], &number, 8)) != 0;) {
        CHECK_EQUAL(n, 8);
        number = number * 3 + (uint64_t)stage;
        CHECK_EQUAL(write(stages[stage + 1][1], &number, 8), 8);
    }
    CHECK(close(stages[stage + 1][1]) == 0); // end of file travels along
    return NULL;
}

static void *writes_until_broken(void *argument) {
    static char zeroes[100000];
    for (;;) {
        ssize_t n = write(ends[1], zeroes, sizeof zeroes);
        if (n == (ssize_t)sizeof zeroes) continue;
        // Blocked half way: what went through counts, the next call tells the reason.
        if (n >= 0)
            CHECK_FAILS(write(ends[1], zeroes, 1), EPIPE);
        else
            CHECK_EQUAL(errno, EPIPE);
        return argument;
    }
}

int main(void) {
    CHECK(pipe(ends) == 0);
    pthread_t writer = thread_start(writes_large, NULL);
    unsigned char bytes[20000];
    for (size_t at = 0; at < LARGE;) {
        ssize_t n = read(ends[0], bytes, 1 + (at * 31) % sizeof bytes);
        CHECK(n > 0);
        for (ssize_t i = 0; i < n; i++) CHECK_EQUAL(bytes[i], byte_at(at + (size_t)i));
        at += (size_t)n;
        if (at % 3 == 0) sleep_us(200);
    }
    thread_join(writer);
    printf("large write ok\n");

    pthread_t writers[WRITERS];
    uint32_t next[WRITERS] = { 0 }, record[1024];
    for (uintptr_t i = 0; i < WRITERS; i++) writers[i] = thread_start(writes_records, (void *)i);
    for (int total = 0; total < WRITERS * RECORDS; total++) {
        read_fully(ends[0], record, 4);
        CHECK(record[0] >= 2 && record[0] <= 1024);
        read_fully(ends[0], record + 1, record[0] * 4 - 4);
        uint32_t from = record[1] >> 16, number = record[1] & 0xffff;
        CHECK(from < WRITERS);
        CHECK_EQUAL(number, next[from]++);
        for (uint32_t i = 1; i < record[0]; i++) CHECK_EQUAL(record[i], record[1]);
    }
    for (int i = 0; i < WRITERS; i++) thread_join(writers[i]);
    printf("records ok\n");

    pthread_t threads[STAGES];
    for (int i = 0; i < STAGES; i++) CHECK(pipe(stages[i]) == 0);
    for (intptr_t i = 0; i < STAGES - 1; i++) threads[i] = thread_start(passes_on, (void *)i);
    for (uint64_t i = 0; i < 500; i++) {
        uint64_t expected = i, got;
        CHECK_EQUAL(write(stages[0][1], &i, 8), 8);
        for (uint64_t stage = 0; stage < STAGES - 1; stage++) expected = expected * 3 + stage;
        read_fully(stages[STAGES - 1][0], &got, 8);
        CHECK_EQUAL(got, expected);
    }
    CHECK(close(stages[0][1]) == 0);
    uint64_t none;
    CHECK_EQUAL(read(stages[STAGES - 1][0], &none, 8), 0);
    for (int i = 0; i < STAGES - 1; i++) thread_join(threads[i]);
    printf("chain ok\n");

    signal(SIGPIPE, SIG_IGN);
    writer = thread_start(writes_until_broken, NULL);
    read_fully(ends[0], bytes, sizeof bytes);
    sleep_us(3000);
    CHECK(close(ends[0]) == 0);
    thread_join(writer);
    return check_ok();
}
