// Many mappings that grow, shrink and move again and again, as realloc does with large blocks: the contents travel, the
// new part is zero, and no number of moves uses up the process's mappings. File mappings that grow show more of it.
#include "check.h"
#include <sys/mman.h>

enum { PAGE = 4096, BLOCKS = 64, ROUNDS = 20 };
static const int rw = PROT_READ | PROT_WRITE;

static void check_block(const char *block, size_t from, size_t to, int value) {
    for (size_t offset = from; offset < to; offset += PAGE) CHECK_EQUAL(block[offset], value);
}

static void churn(void) {
    uint64_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        char *blocks[BLOCKS];
        size_t sizes[BLOCKS];
        for (int i = 0; i < BLOCKS; i++) {
            sizes[i] = (1 + random_next(&random) % 8) * PAGE;
            blocks[i] = mmap(NULL, sizes[i], rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            CHECK(blocks[i] != MAP_FAILED);
            check_block(blocks[i], 0, sizes[i], 0);
            memset(blocks[i], i, sizes[i]);
        }
        for (int step = 0; step < 4 * BLOCKS; step++) {
            int i = step % BLOCKS;
            size_t size = random_next(&random) % 8 == 0 ? PAGE : sizes[i] + (1 + random_next(&random) % 4) * PAGE;
            blocks[i] = mremap(blocks[i], sizes[i], size, MREMAP_MAYMOVE);
            CHECK(blocks[i] != MAP_FAILED);
            check_block(blocks[i], 0, size < sizes[i] ? size : sizes[i], i);
            check_block(blocks[i], sizes[i], size, 0);
            memset(blocks[i], i, size);
            sizes[i] = size;
        }
        for (int i = 0; i < BLOCKS; i++) CHECK_EQUAL(munmap(blocks[i], sizes[i]), 0);
    }
    printf("churn ok\n");
}

// One mapping where there were several before, each used on its own: it moves as one.
static void move_reused(void) {
    char *area = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(area != MAP_FAILED && munmap(area, 64 * PAGE) == 0);
    for (int i = 0; i < 31; i += 2) {
        CHECK(mmap(area + i * PAGE, PAGE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + i * PAGE);
        area[i * PAGE] = 1;
    }
    CHECK_EQUAL(munmap(area, 32 * PAGE), 0);
    CHECK(mmap(area, 31 * PAGE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
    CHECK(mmap(area + 31 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
    for (int i = 0; i < 31; i++) area[i * PAGE] = (char)i;
    char *moved = mremap(area, 31 * PAGE, 50 * PAGE, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved != area);
    for (int i = 0; i < 50; i++) CHECK_EQUAL(moved[i * PAGE], i < 31 ? i : 0);
    char *target = mmap(NULL, 50 * PAGE, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(target != MAP_FAILED);
    moved = mremap(moved, 50 * PAGE, 50 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(moved == target);
    for (int i = 0; i < 50; i++) CHECK_EQUAL(moved[i * PAGE], i < 31 ? i : 0);
    CHECK_FAILS(mprotect(area, PAGE, PROT_READ), ENOMEM);
    CHECK(munmap(moved, 50 * PAGE) == 0 && munmap(area + 31 * PAGE, PAGE) == 0);
}

static void grow_file(int file, int sharing) {
    char *mapped = mmap(NULL, PAGE, rw, sharing, file, PAGE);
    CHECK(mapped != MAP_FAILED && mapped[0] == 'B');
    mapped[1] = '1';
    mapped = mremap(mapped, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
    CHECK(mapped != MAP_FAILED);
    CHECK(mapped[0] == 'B' && mapped[1] == '1' && mapped[PAGE] == 'C' && mapped[2 * PAGE] == 'D');
    mapped[PAGE + 1] = '2';
    char read_back[2];
    CHECK_EQUAL(pread(file, read_back, 2, 2 * PAGE), 2);
    CHECK(read_back[0] == 'C' && read_back[1] == (sharing == MAP_SHARED ? '2' : 'C'));
    mapped = mremap(mapped, 3 * PAGE, 2 * PAGE, 0);
    CHECK(mapped != MAP_FAILED && mapped[PAGE] == 'C' && munmap(mapped, 2 * PAGE) == 0);
}

int main(void) {
    churn();
    move_reused();
    char path[] = "/tmp/mremap_churn.XXXXXX", page[PAGE];
    int file = mkstemp(path);
    CHECK(file >= 0);
    for (int i = 0; i < 4; i++) {
        memset(page, 'A' + i, PAGE);
        CHECK_EQUAL(write(file, page, PAGE), PAGE);
    }
    grow_file(file, MAP_PRIVATE);
    grow_file(file, MAP_SHARED);
    CHECK(close(file) == 0 && unlink(path) == 0);
    return check_ok();
}
