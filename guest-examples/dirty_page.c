// `dirty_page [PAGES [ROUNDS]]`: writes to PAGES scattered pages each round and then checks every page of the region,
// so that one page missing from a checkpoint, or one written at the wrong moment, shows in the next round.
#include "check.h"
#include <sys/mman.h>

enum { PAGE = 4096, WORDS = PAGE / 8 };

int main(int argc, char **argv) {
    long pages = argc > 1 ? atol(argv[1]) : 256;
    long rounds = argc > 2 ? atol(argv[2]) : 20;
    CHECK(pages > 0 && rounds >= 0);

    // Four times as many pages as are written per round: most of the region is clean in any one epoch.
    long total = 4 * pages;
    uint64_t(*region)[WORDS] =
        mmap(NULL, (size_t)total * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(region != MAP_FAILED);
    // The model lives on other pages, which are dirtied as well: region and model must come from the same epoch.
    struct {
        uint64_t value;
        int word;
    } *model = calloc((size_t)total, sizeof *model);
    CHECK(model != NULL);

    uint64_t state = 42, hash = HASH_START;
    for (long round = 1; round <= rounds; round++) {
        for (long i = 0; i < pages; i++) {
            long page = random_next(&state) % total;
            int word = (int)(random_next(&state) % WORDS);
            region[page][model[page].word] = 0; // at most one word of a page is not zero
            region[page][word] = (uint64_t)round << 32 | (uint64_t)page;
            model[page].value = region[page][word];
            model[page].word = word;
        }
        for (long page = 0; page < total; page++) {
            uint64_t sum = 0;
            for (int word = 0; word < WORDS; word++) sum |= region[page][word];
            CHECK_EQUAL(sum, model[page].value);
            CHECK_EQUAL(region[page][model[page].word], model[page].value);
        }
        hash = hash_bytes(hash, model, (size_t)total * sizeof *model);
        sleep_us(2000);
    }
    printf("%ld pages, %ld rounds, checksum %016llx\n", total, rounds, (unsigned long long)hash);
    CHECK(munmap(region, (size_t)total * PAGE) == 0);
    free(model);
    return check_ok();
}
