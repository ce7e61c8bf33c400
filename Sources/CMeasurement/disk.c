// disk DIRECTORY COUNT: writes COUNT blocks of 8 KiB to a file there, 8 to an fsync(2), and begins again at its start
// after each 16 MiB. Prints the seconds that it took, and removes the file.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guests.h"

enum { BLOCK_BYTES = 8 << 10, BLOCKS_A_SYNC = 8, BLOCKS_OF_FILE = 2048 };

static char block[BLOCK_BYTES];

int guest_disk(int count, char **words) {
    if (count != 2) return 64;
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/written", words[0]);
    if (length < 0 || (size_t)length >= sizeof path) return 64;
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return 1;
    long blocks = atol(words[1]);
    guest_settle();
    uint64_t start = guest_nanoseconds();
    for (long number = 0; number < blocks; number++) {
        memset(block, (int)(number & 0xff), sizeof block);
        if (pwrite(file, block, sizeof block, number % BLOCKS_OF_FILE * BLOCK_BYTES) != BLOCK_BYTES) return 1;
        if (number % BLOCKS_A_SYNC == BLOCKS_A_SYNC - 1 && fsync(file) != 0) return 1;
    }
    printf("%.6f\n", (double)(guest_nanoseconds() - start) / 1e9);
    return close(file) == 0 && unlink(path) == 0 ? 0 : 1;
}
