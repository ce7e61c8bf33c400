// A memory file that is sealed and also mapped privately, one that is appended to, and a counter under a semaphore.
#include "check.h"
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { PAGE = 4096, ROUNDS = 60 };
static const int rw = PROT_READ | PROT_WRITE;

struct places {
    int file, again;
    char *before; // made before the file was sealed
    const char *after;
    char *own; // a private mapping
};

static void seal(struct places *places) {
    places->file = memfd_create("sealed", MFD_ALLOW_SEALING);
    CHECK(places->file >= 0 && ftruncate(places->file, 2 * PAGE) == 0);
    places->before = mmap(NULL, 2 * PAGE, rw, MAP_SHARED, places->file, 0);
    CHECK(places->before != MAP_FAILED);
    strcpy(places->before, "sealed");
    places->own = mmap(NULL, 2 * PAGE, rw, MAP_PRIVATE, places->file, 0);
    CHECK(places->own != MAP_FAILED);
    CHECK_EQUAL(fcntl(places->file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE), 0);
    places->after = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, places->file, 0);
    CHECK(places->after != MAP_FAILED);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", places->file);
    places->again = open(path, O_RDONLY);
    CHECK(places->again >= 0);
}

static void check_sealed(struct places *places, int round) {
    snprintf(places->before + 100, 32, "round %d", round);
    snprintf(places->own + PAGE, 32, "own %d", round);
    sleep_us(300);
    char expected[32], read[32];
    snprintf(expected, sizeof expected, "round %d", round);
    CHECK(strcmp(places->after + 100, expected) == 0 && strcmp(places->after, "sealed") == 0);
    CHECK(pread(places->again, read, sizeof read, 100) == sizeof read && strcmp(read, expected) == 0);
    snprintf(expected, sizeof expected, "own %d", round);
    CHECK(strcmp(places->own + PAGE, expected) == 0 && strcmp(places->own, "sealed") == 0);
    CHECK(places->before[PAGE] == 0);
    CHECK_FAILS(ftruncate(places->file, PAGE), EPERM);
    CHECK_FAILS(write(places->file, "x", 1), EPERM);
    CHECK_EQUAL(fcntl(places->file, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE);
    CHECK(mmap(NULL, PAGE, rw, MAP_SHARED, places->file, 0) == MAP_FAILED && errno == EPERM);
    CHECK_FAILS(mprotect((void *)places->after, PAGE, rw), EACCES);
}

// A counter that threads share by a named semaphore, which lies in a file of its own.
static sem_t *lock;
static int *counter;

static void *count(void *unused) {
    for (int i = 0; i < 200; i++) {
        CHECK(sem_wait(lock) == 0);
        int before = *counter;
        if (i % 50 == 0) sleep_us(100);
        *counter = before + 1;
        CHECK(sem_post(lock) == 0);
    }
    return unused;
}

int main(void) {
    static struct places places;
    char name[64];
    seal(&places);
    int appended = memfd_create("appended", 0);
    CHECK(appended >= 0 && fcntl(appended, F_SETFL, O_APPEND) == 0);
    snprintf(name, sizeof name, "/memory_seals.%d", (int)getpid());
    lock = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    CHECK(lock != SEM_FAILED && sem_unlink(name) == 0);
    int shared = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    CHECK(shared >= 0 && shm_unlink(name) == 0 && ftruncate(shared, PAGE) == 0);
    counter = mmap(NULL, PAGE, rw, MAP_SHARED, shared, 0);
    CHECK(counter != MAP_FAILED);
    CHECK(close(shared) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        check_sealed(&places, round);
        CHECK_EQUAL(write(appended, &round, sizeof round), sizeof round);
        for (int i = 0, found; i <= round; i++)
            CHECK(pread(appended, &found, sizeof found, i * (off_t)sizeof found) == sizeof found && found == i);
        pthread_t threads[3];
        *counter = 0;
        for (int i = 0; i < 3; i++) threads[i] = thread_start(count, NULL);
        for (int i = 0; i < 3; i++) thread_join(threads[i]);
        CHECK_EQUAL(*counter, 600);
        if (round % 20 == 19) printf("round %d ok\n", round + 1);
    }
    CHECK(sem_close(lock) == 0);
    return check_ok();
}
