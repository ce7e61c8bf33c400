// Files that lie in memory, mapped in all ways at once: what is stored through one mapping is in all others and in the
// file, whatever happens to the process in between. A model of plain memory says what has to be there.
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { PAGE = 4096, PAGES = 24, SIZE = PAGES * PAGE, ROUNDS = 60, STEPS = 40 };
static const int rw = PROT_READ | PROT_WRITE;

struct object {
    int file;
    char *whole, *part; // two mappings, of which the second begins at page 3 and has 8 pages
    unsigned char model[SIZE];
    size_t size;
};

static char *map(struct object *object, int pages, int first) {
    char *mapped = mmap(NULL, (size_t)pages * PAGE, rw, MAP_SHARED, object->file, (off_t)first * PAGE);
    CHECK(mapped != MAP_FAILED);
    return mapped;
}

static void make(struct object *object, int file) {
    object->file = file;
    object->size = SIZE / 2;
    CHECK(ftruncate(file, (off_t)object->size) == 0);
    object->whole = map(object, PAGES, 0);
    object->part = map(object, 8, 3);
}

static void compare(const struct object *object) {
    unsigned char bytes[SIZE];
    struct stat status;
    CHECK(fstat(object->file, &status) == 0);
    CHECK_EQUAL(status.st_size, object->size);
    CHECK_EQUAL(pread(object->file, bytes, SIZE, 0), object->size);
    CHECK(memcmp(bytes, object->model, object->size) == 0);
    CHECK(memcmp(object->whole, object->model, object->size) == 0);
    CHECK(memcmp(object->part, object->model + 3 * PAGE, 8 * PAGE) == 0);
}

static void resize(struct object *object, size_t size) {
    CHECK(ftruncate(object->file, (off_t)size) == 0);
    if (size < object->size) memset(object->model + size, 0, object->size - size);
    object->size = size;
}

// One thing that changes the object; the second mapping always has all of its pages.
static void change(struct object *object, uint64_t *state) {
    uint32_t kind = random_next(state) % 10;
    size_t at = random_next(state) % (object->size - 64), count = 1 + random_next(state) % 60;
    unsigned char value = (unsigned char)random_next(state), bytes[64];
    memset(bytes, value, sizeof bytes);
    if (kind < 3) memset(object->whole + at, value, count);
    else if (kind < 5) {
        at = 3 * PAGE + at % (8 * PAGE - 64);
        memset(object->part + at - 3 * PAGE, value, count);
    } else if (kind == 5) CHECK_EQUAL(pwrite(object->file, bytes, count, (off_t)at), count);
    else if (kind == 6) {
        struct iovec pieces[2] = { { bytes, count / 2 }, { bytes, count - count / 2 } };
        CHECK(lseek(object->file, (off_t)at, SEEK_SET) == (off_t)at);
        CHECK_EQUAL(writev(object->file, pieces, 2), count);
    } else if (kind == 7) { // stored, and unmapped at once
        char *passing = map(object, 1, (int)(at / PAGE));
        count = at % PAGE + count > PAGE ? PAGE - at % PAGE : count;
        memset(passing + at % PAGE, value, count);
        CHECK(munmap(passing, PAGE) == 0);
    } else if (kind == 8) {
        resize(object, 12 * PAGE + random_next(state) % (12 * PAGE));
        return;
    } else {
        off_t hole = (off_t)(at / PAGE * PAGE);
        CHECK(fallocate(object->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, hole, PAGE) == 0);
        size_t end = (size_t)hole + PAGE < object->size ? (size_t)hole + PAGE : object->size;
        memset(object->model + hole, 0, end - (size_t)hole);
        return;
    }
    memset(object->model + at, value, count);
}

// The first mapping moves, and grows as it does.
static void move(struct object *object) {
    char *place = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(place != MAP_FAILED);
    CHECK(mremap(object->whole, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
    object->whole = place;
}

// A file of a hundred bytes that comes and goes, with its mapping kept for longer than its descriptor.
static void come_and_go(int round) {
    int file = memfd_create("short", 0);
    CHECK(file >= 0);
    CHECK_EQUAL(write(file, "content", 7), 7);
    CHECK(ftruncate(file, 100) == 0);
    char *mapped = mmap(NULL, PAGE, rw, MAP_SHARED, file, 0);
    CHECK(mapped != MAP_FAILED && close(file) == 0);
    mapped[50] = (char)round;
    sleep_us(200);
    CHECK(memcmp(mapped, "content", 7) == 0 && mapped[50] == (char)round && mapped[51] == 0);
    CHECK(munmap(mapped, PAGE) == 0);
}

int main(void) {
    static struct object memory, named, closed;
    char name[64];
    uint64_t state = 7;
    make(&memory, memfd_create("first", MFD_CLOEXEC));
    snprintf(name, sizeof name, "/memory_files.%d", (int)getpid());
    make(&named, shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600));
    CHECK(shm_unlink(name) == 0);
    make(&closed, memfd_create("second", 0));
    for (int round = 0; round < ROUNDS; round++) {
        for (int step = 0; step < STEPS; step++) {
            change(&memory, &state);
            change(&named, &state);
            change(&closed, &state);
        }
        sleep_us(300);
        compare(&memory);
        compare(&named);
        compare(&closed);
        if (round % 8 == 3) move(&memory);
        if (round % 8 == 5) move(&named);
        come_and_go(round);
        if (round % 20 == 19) printf("round %d ok\n", round + 1);
    }
    return check_ok();
}
