// Threads allocate, grow, shrink and free blocks of all sizes, and hand blocks to each other to be freed elsewhere.
// Every block is filled with a pattern of its own and checked before it is given back: brk, mmap, munmap, mremap and
// the arenas' mprotect underneath must keep it intact.
#include "check.h"
#include <malloc.h>

enum { THREADS = 4, SLOTS = 64, STEPS = 4000 };
struct block {
    unsigned char *bytes;
    size_t size;
    unsigned seed;
};

static struct block mailbox[THREADS];
static pthread_mutex_t mailbox_lock = PTHREAD_MUTEX_INITIALIZER;

static void fill(struct block *block) {
    // Touching the ends and a stride is enough to notice a lost page, and keeps large blocks cheap.
    for (size_t i = 0; i < block->size; i += 61) block->bytes[i] = (unsigned char)(block->seed + i);
    block->bytes[block->size - 1] = (unsigned char)block->seed;
}

static void verify(const struct block *block, size_t size) {
    for (size_t i = 0; i < size; i += 61)
        if (i != block->size - 1) CHECK_EQUAL(block->bytes[i], (unsigned char)(block->seed + i));
    if (size == block->size) CHECK_EQUAL(block->bytes[size - 1], (unsigned char)block->seed);
}

static size_t pick_size(uint64_t *state) {
    switch (random_next(state) % 16) {
        case 0: return 130000 + random_next(state) % 200000; // above the mmap threshold
        case 1:
        case 2:
        case 3: return 2000 + random_next(state) % 20000;
        default: return 1 + random_next(state) % 500;
    }
}

static void *churn(void *argument) {
    int self = (int)(intptr_t)argument;
    uint64_t state = (uint64_t)self + 1;
    struct block slots[SLOTS] = { 0 };
    for (unsigned step = 0; step < STEPS; step++) {
        struct block *block = &slots[random_next(&state) % SLOTS];
        unsigned action = random_next(&state) % 8;
        if (block->bytes == NULL) {
            block->size = pick_size(&state);
            block->seed = step * THREADS + (unsigned)self;
            if (action == 0) {
                block->bytes = aligned_alloc(4096, block->size = (block->size + 4095) / 4096 * 4096);
                CHECK((uintptr_t)block->bytes % 4096 == 0);
            } else if (action == 1) {
                block->bytes = calloc(1, block->size);
                for (size_t i = 0; i < block->size; i++) CHECK(block->bytes[i] == 0);
            } else {
                block->bytes = malloc(block->size);
            }
            CHECK(block->bytes != NULL);
            fill(block);
        } else if (action < 3) {
            size_t size = pick_size(&state);
            block->bytes = realloc(block->bytes, size);
            CHECK(block->bytes != NULL);
            verify(block, size < block->size ? size - size % 61 : block->size);
            block->size = size;
            fill(block);
        } else {
            verify(block, block->size);
            // Swap with the mailbox: what is freed here was often allocated by another thread.
            CHECK_EQUAL(pthread_mutex_lock(&mailbox_lock), 0);
            struct block other = mailbox[action % THREADS];
            mailbox[action % THREADS] = *block;
            CHECK_EQUAL(pthread_mutex_unlock(&mailbox_lock), 0);
            block->bytes = NULL;
            if (other.bytes) verify(&other, other.size);
            free(other.bytes);
        }
        if (step % 1000 == 999) malloc_trim(0); // gives pages back with MADV_DONTNEED
    }
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].bytes) verify(&slots[i], slots[i].size);
        free(slots[i].bytes);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) threads[i] = thread_start(churn, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
    for (int i = 0; i < THREADS; i++) {
        if (mailbox[i].bytes) verify(&mailbox[i], mailbox[i].size);
        free(mailbox[i].bytes);
    }
    printf("%d threads, %d steps each\n", THREADS, STEPS);
    return check_ok();
}
