// `dirty_page [PAGES [ROUNDS]]`: writes to PAGES scattered pages each round and then checks every page of the region,
// so that one page missing from a checkpoint, or one written at the wrong moment, shows in the next round.
// With ROUNDS 0 it goes on until its standard input ends, and then for one round more.
#include "check.h"
#include <poll.h>
#include <sys/mman.h>

enum { PAGE = 4096, WORDS = PAGE / 8 };

static int input_has_ended(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    return poll(&input, 1, 0) != 0;
}

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
    int is_last = 0;
    for (long round = 1; rounds == 0 ? !is_last : round <= rounds; round++) {
        is_last = rounds == 0 && input_has_ended();
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
    if (rounds == 0) printf("%ld pages until the end of the input\n", total);
    else printf("%ld pages, %ld rounds, checksum %016llx\n", total, rounds, (unsigned long long)hash);
    CHECK(munmap(region, (size_t)total * PAGE) == 0);
    free(model);
    return check_ok();
}
