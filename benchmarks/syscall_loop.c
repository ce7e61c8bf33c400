// Makes one call many times: `syscall_loop NAME COUNT`. The benchmark script times the whole process with COUNT calls
// and with none, so that the guest's own clock is not part of it. Calls are made as a C library makes them.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: syscall_loop getppid|getuid|write|read|clock_gettime COUNT\n");
        return 64;
    }
    long count = atol(argv[2]);
    const char *name = argv[1];
    int null = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDONLY);
    if (null < 0 || zero < 0) return 1;
    char byte = 0;
    struct timespec now;
    for (long index = 0; index < count; index++) {
        switch (name[0] == 'g' ? name[5] : name[0]) {
        case 'd': getuid(); break;
        case 'i': getppid(); break;
        case 'w': if (write(null, &byte, 1) != 1) return 1; break;
        case 'r': if (read(zero, &byte, 1) != 1) return 1; break;
        case 'c': if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 1; break;
        default: return 64;
        }
    }
    return 0;
}
