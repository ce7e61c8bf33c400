// Random mapping calls against a model: after each batch every page must be exactly as accessible, and hold exactly the
// value, that the model says. Two threads do it at once, each in a region of its own.
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

enum { PAGE = 4096, PAGES = 96, STEPS = 1200, THREADS = 2 };
enum access { HOLE, NONE, READ, WRITE };
static const int protections[] = { 0, PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
struct page {
    enum access access;
    uint32_t value;
};

static __thread sigjmp_buf escape;
static void on_fault(int signal) {
    (void)signal;
    siglongjmp(escape, 1);
}

// What the hardware lets us do with a page; a store puts back what is there.
static enum access probe(volatile uint32_t *words) {
    volatile enum access found = HOLE;
    if (sigsetjmp(escape, 1) == 0) {
        uint32_t value = words[0];
        found = READ;
        words[0] = value;
        found = WRITE;
    }
    return found;
}

static void verify(char *base, const struct page *model) {
    for (int i = 0; i < PAGES; i++) {
        volatile uint32_t *words = (volatile uint32_t *)(base + i * PAGE);
        // A hole and PROT_NONE fault alike here; they differ in what mprotect and MAP_FIXED_NOREPLACE say.
        CHECK_EQUAL(probe(words), model[i].access == NONE ? HOLE : model[i].access);
        if (model[i].access < READ) continue;
        CHECK_EQUAL(words[0], model[i].value);
        CHECK_EQUAL(words[PAGE / 8], 0); // never written
        CHECK_EQUAL(words[PAGE / 4 - 1], model[i].value);
    }
}

static void *churn(void *argument) {
    uint64_t state = (uint64_t)(uintptr_t)argument;
    // One page more on each side, so that nothing that is mapped elsewhere lies next to the region.
    char *base = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(base != MAP_FAILED);
    base += PAGE;
    struct page model[PAGES];
    for (int i = 0; i < PAGES; i++) model[i] = (struct page){ NONE, 0 };

    for (uint32_t step = 1; step <= STEPS; step++) {
        int first = (int)(random_next(&state) % PAGES), count = 1 + (int)(random_next(&state) % 12);
        if (first + count > PAGES) count = PAGES - first;
        char *at = base + first * PAGE;
        size_t size = (size_t)count * PAGE;
        int holes = 0;
        for (int i = first; i < first + count; i++) holes += model[i].access == HOLE;
        enum access access = NONE + random_next(&state) % 3;
        int mapping = MAP_PRIVATE | MAP_ANONYMOUS;
        struct page fresh = { access, 0 };

        switch (random_next(&state) % 8) {
            case 0:
                CHECK(mmap(at, size, protections[access], mapping | MAP_FIXED, -1, 0) == at);
                for (int i = first; i < first + count; i++) model[i] = fresh;
                break;
            case 1:
                if (holes == count) {
                    CHECK(mmap(at, size, protections[access], mapping | MAP_FIXED_NOREPLACE, -1, 0) == at);
                    for (int i = first; i < first + count; i++) model[i] = fresh;
                } else {
                    CHECK_FAILS((intptr_t)mmap(at, size, protections[access], mapping | MAP_FIXED_NOREPLACE, -1, 0),
                                EEXIST);
                }
                break;
            case 2:
                CHECK(munmap(at, size) == 0);
                for (int i = first; i < first + count; i++) model[i].access = HOLE;
                break;
            case 3:
            case 4:
                if (holes == 0) {
                    CHECK(mprotect(at, size, protections[access]) == 0);
                    for (int i = first; i < first + count; i++) model[i].access = access;
                } else if (model[first].access == HOLE) {
                    CHECK_FAILS(mprotect(at, size, protections[access]), ENOMEM);
                }
                break;
            case 5:
                if (holes > 0) break;
                CHECK(madvise(at, size, MADV_DONTNEED) == 0);
                for (int i = first; i < first + count; i++) model[i].value = 0;
                break;
            case 6: { // one page moves over another, with its contents and protection
                int to = (int)(random_next(&state) % PAGES);
                if (to == first || model[first].access == HOLE) break;
                char *target = base + to * PAGE;
                CHECK(mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
                model[to] = model[first];
                model[first].access = HOLE;
                break;
            }
        }
        for (int i = first; i < first + count; i++) {
            if (model[i].access != WRITE) continue;
            volatile uint32_t *words = (volatile uint32_t *)(base + i * PAGE);
            words[0] = words[PAGE / 4 - 1] = model[i].value = step << 8 | (uint32_t)i;
        }
        if (step % 30 == 0) verify(base, model);
    }
    uint64_t hash = hash_bytes(HASH_START, model, sizeof model);
    CHECK(munmap(base - PAGE, (PAGES + 2) * PAGE) == 0);
    return (void *)hash;
}

int main(void) {
    struct sigaction action = { .sa_handler = on_fault };
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    pthread_t threads[THREADS];
    uint64_t hash = 0;
    for (uintptr_t i = 0; i < THREADS; i++) threads[i] = thread_start(churn, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++) hash = hash * 31 + (uint64_t)thread_join(threads[i]);
    printf("%d steps in %d threads, checksum %016llx\n", STEPS, THREADS, (unsigned long long)hash);
    return check_ok();
}
