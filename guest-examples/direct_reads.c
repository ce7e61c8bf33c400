// Reads blocks of a file past the page cache into many buffers, while another thread writes to pages: every buffer has
// its block at any time, also of what a disk wrote there while its pages were being copied. `direct_reads [ROUNDS]`
#include "page_writer.h"
#include "scratch.h"

enum { BLOCK_BYTES = 16384, BLOCKS = 256, BUFFERS = 64, PAGES = 600 };

static unsigned char (*buffers)[BLOCK_BYTES];
static int held[BUFFERS];

static unsigned word_of(int block, int index) { return (unsigned)block * 2654435761u + (unsigned)index; }

static void fill(void *buffer, int block) {
    for (int i = 0; i < BLOCK_BYTES / 4; i++) ((unsigned *)buffer)[i] = word_of(block, i);
}

static void check(int buffer) {
    const unsigned *words = (const unsigned *)buffers[buffer];
    for (int i = 0; i < BLOCK_BYTES / 4; i++) CHECK_EQUAL(words[i], word_of(held[buffer], i));
}

int main(int count, char **words) {
    long rounds = count > 1 ? atol(words[1]) : 2000;
    buffers = map_memory(BUFFERS * sizeof *buffers);
    scratch_enter();
    int file = file_open("blocks", O_CREAT | O_RDWR);
    for (int block = 0; block < BLOCKS; block++) {
        fill(buffers[0], block);
        CHECK_EQUAL(write(file, buffers[0], BLOCK_BYTES), BLOCK_BYTES);
    }
    CHECK(fsync(file) == 0 && close(file) == 0);
    // Some file systems have no direct I/O, and say so.
    file = open("blocks", O_RDONLY | O_DIRECT);
    if (file < 0) file = file_open("blocks", O_RDONLY);
    for (int buffer = 0; buffer < BUFFERS; buffer++) fill(buffers[buffer], 0);
    page_writer_start(PAGES);
    unsigned state = 1;
    for (long round = 0; round < rounds; round++) {
        state = state * 1664525 + 1013904223;
        int buffer = (int)(state >> 10) % BUFFERS, block = (int)(state >> 20) % BLOCKS;
        CHECK_EQUAL(pread(file, buffers[buffer], BLOCK_BYTES, (off_t)block * BLOCK_BYTES), BLOCK_BYTES);
        held[buffer] = block;
        check((int)(round % BUFFERS));
    }
    for (int buffer = 0; buffer < BUFFERS; buffer++) check(buffer);
    page_writer_end();
    CHECK(close(file) == 0 && unlink("blocks") == 0);
    scratch_leave();
    return check_ok();
}
