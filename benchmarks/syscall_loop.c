// Makes one syscall many times: `syscall_loop NAME COUNT`. The benchmark script times the whole
// process with COUNT calls and with none, so that the guest's own clock is not part of it.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: syscall_loop getppid|gettid|write|read COUNT\n");
        return 64;
    }
    long count = atol(argv[2]);
    long number = !strcmp(argv[1], "gettid") ? SYS_gettid : SYS_getppid;
    if (!strcmp(argv[1], "write") || !strcmp(argv[1], "read")) {
        char byte = 0;
        int isWrite = argv[1][0] == 'w';
        FILE *device = fopen(isWrite ? "/dev/null" : "/dev/zero", isWrite ? "w" : "r");
        if (device == NULL) return 1;
        int descriptor = fileno(device);
        for (long index = 0; index < count; index++) {
            if (syscall(isWrite ? SYS_write : SYS_read, descriptor, &byte, 1) != 1) return 1;
        }
        return 0;
    }
    for (long index = 0; index < count; index++) syscall(number);
    return 0;
}
