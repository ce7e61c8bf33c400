// `checked_memory [ROUNDS]` (0: until SIGTERM): threads change their pages in all the ways there are: a word of it, a
// piece, the whole page, to what it was already, to zero, dropped, mapped anew, moved by the kernel. A model says what
// every word must be. All of it is checked now and then, whenever SIGUSR1 asks for it, and in the end; so one page that
// is missing from a checkpoint, or is of another one than the model's, shows wherever the guest goes on from it.
#include "check.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum { PAGE = 4096, PIECES = 8, WORDS = PAGE / 8 / PIECES, PAGES = 2048, THREADS = 2, RUN_MAX = 8 };
struct piece { uint32_t key, version; };
static struct region {
    uint64_t (*pages)[PIECES][WORDS];
    struct piece model[PAGES][PIECES];
    uint64_t state;
    uint32_t next_key;
    atomic_int checked;
    pthread_t thread;
} regions[THREADS];
static atomic_int wanted, is_over;
static long rounds = 200;

static uint64_t mixed(uint64_t value) { // a good hash: its pages do not compress
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
    return value ^ value >> 31;
}

// Version 0 is zero. Of three versions one differs from the one before in all, one in a word only, one is nearly empty.
static uint64_t word_of(struct piece piece, int word) {
    if (piece.version == 0 || (piece.version % 3 == 0 && word > 0)) return 0;
    uint64_t place = (uint64_t)piece.key << 32 | (uint64_t)word;
    uint64_t last = piece.version % 3 == 2 ? piece.version - 1 : piece.version;
    return mixed(mixed(place) + (word == 0 ? piece.version : last));
}

static void fill(struct region *region, int page, int piece) {
    for (int word = 0; word < WORDS; word++)
        region->pages[page][piece][word] = word_of(region->model[page][piece], word);
}

static void change(struct region *region, int page, int piece) {
    struct piece *model = &region->model[page][piece];
    if (model->version == 0) model->key = region->next_key++;
    model->version++;
    // As a program would: where a word is all that differs, it is all that is written.
    if (model->version % 3 == 2) region->pages[page][piece][0] = word_of(*model, 0);
    else fill(region, page, piece);
}

static void map_anew(struct region *region, int page, int count) {
    void *place = region->pages[page];
    CHECK(mmap(place, (size_t)count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
          place);
    memset(region->model[page], 0, (size_t)count * sizeof region->model[page]);
}

// A single page: before Linux 6.17 what is moved has to be one mapping, which pages of different origin are not.
static void move_page(struct region *region, int from, int to) {
    if (from == to) return;
    void *place = region->pages[to];
    CHECK(mremap(region->pages[from], PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
    memcpy(region->model[to], region->model[from], sizeof region->model[to]);
    map_anew(region, from, 1);
}

static void step(struct region *region) {
    uint32_t kind = random_next(&region->state) % 100;
    int page = (int)(random_next(&region->state) % (PAGES - RUN_MAX));
    int other = (int)(random_next(&region->state) % (PAGES - RUN_MAX));
    int piece = (int)(random_next(&region->state) % PIECES);
    int count = 1 + (int)(random_next(&region->state) % RUN_MAX);
    if (kind < 70) change(region, page, piece);
    else if (kind < 85) for (int i = 0; i < PIECES; i++) change(region, page, i);
    else if (kind < 90) fill(region, page, piece);
    else if (kind < 92) {
        memset(region->pages[page], 0, PAGE);
        memset(region->model[page], 0, sizeof region->model[page]);
    } else if (kind < 95) {
        CHECK(madvise(region->pages[page], (size_t)count * PAGE, MADV_DONTNEED) == 0);
        memset(region->model[page], 0, (size_t)count * sizeof region->model[page]);
    } else if (kind < 97) map_anew(region, page, count);
    else move_page(region, page, other);
}

static void check_all(struct region *region) {
    for (int page = 0; page < PAGES; page++)
        for (int piece = 0; piece < PIECES; piece++)
            for (int word = 0; word < WORDS; word++)
                if (region->pages[page][piece][word] != word_of(region->model[page][piece], word))
                    check_failed(__FILE__, __LINE__, "page %d, piece %d, word %d, version %u", page, piece, word,
                                 region->model[page][piece].version);
}

static void *changes(void *argument) {
    struct region *region = argument;
    for (long round = 1; (rounds == 0 || round <= rounds) && !is_over; round++) {
        // Mostly small epochs, now and then a large one.
        int steps = round % 256 == 0 ? 400 : 6;
        while (steps-- > 0) step(region);
        int asked = wanted;
        if (asked != region->checked || round % 4096 == 0) check_all(region);
        region->checked = asked;
        sleep_us(200);
    }
    check_all(region);
    region->checked = wanted;
    return NULL;
}

static void on_signal(int signal) {
    if (signal == SIGTERM) is_over = 1;
    else wanted++;
}

int main(int argc, char **argv) {
    if (argc > 1) rounds = atol(argv[1]);
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    CHECK(sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    for (int i = 0; i < THREADS; i++) {
        struct region *region = &regions[i];
        region->state = (uint64_t)i + 1;
        region->pages = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(region->pages != MAP_FAILED);
        region->thread = thread_start(changes, region);
    }
    for (int said = 0; rounds == 0 && !is_over;) {
        int least = wanted;
        for (int i = 0; i < THREADS; i++) least = regions[i].checked < least ? regions[i].checked : least;
        while (said < least) printf("checked %d\n", ++said);
        sleep_us(2000);
    }
    for (int i = 0; i < THREADS; i++) thread_join(regions[i].thread);
    return check_ok();
}
