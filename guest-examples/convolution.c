// A small image pipeline in vectorised floating point: convolution, pooling, activation. All values are small integers,
// so the float results are exact and can be compared with plain integer arithmetic: any disturbed vector register
// shows.
#include "check.h"

enum { SIZE = 128, KERNEL = 5, OUTPUT = SIZE - KERNEL + 1, POOLED = OUTPUT / 2, ROUNDS = 12 };

static float image[SIZE][SIZE], kernel[KERNEL][KERNEL], result[OUTPUT][OUTPUT], pooled[POOLED][POOLED];

// Row by row with the inner loop over x, so that the compiler turns it into vector code.
static void convolve(void) {
    memset(result, 0, sizeof result);
    for (int y = 0; y < OUTPUT; y++)
        for (int ky = 0; ky < KERNEL; ky++)
            for (int kx = 0; kx < KERNEL; kx++)
                for (int x = 0; x < OUTPUT; x++) result[y][x] += image[y + ky][x + kx] * kernel[ky][kx];
}

static float larger(float a, float b) { return a > b ? a : b; }

static void pool(void) {
    for (int y = 0; y < POOLED; y++)
        for (int x = 0; x < POOLED; x++) {
            float best = larger(larger(result[2 * y][2 * x], result[2 * y][2 * x + 1]),
                                larger(result[2 * y + 1][2 * x], result[2 * y + 1][2 * x + 1]));
            pooled[y][x] = larger(best, 0);
        }
}

static int exact(int y, int x) {
    int sum = 0;
    for (int ky = 0; ky < KERNEL; ky++)
        for (int kx = 0; kx < KERNEL; kx++) sum += (int)image[y + ky][x + kx] * (int)kernel[ky][kx];
    return sum;
}

int main(void) {
    uint64_t state = 3, hash = HASH_START;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < SIZE * SIZE; i++) image[i / SIZE][i % SIZE] = (float)(random_next(&state) % 256);
        for (int i = 0; i < KERNEL * KERNEL; i++)
            kernel[i / KERNEL][i % KERNEL] = (float)((int)(random_next(&state) % 17) - 8);
        convolve();
        pool();
        for (int y = 0; y < POOLED; y++)
            for (int x = 0; x < POOLED; x++) {
                int best = 0;
                for (int i = 0; i < 4; i++) {
                    int value = exact(2 * y + i / 2, 2 * x + i % 2);
                    if (value > best) best = value;
                }
                CHECK_EQUAL(pooled[y][x], best);
            }
        hash = hash_bytes(hash, pooled, sizeof pooled);
    }
    printf("%d images, checksum %016llx\n", ROUNDS, (unsigned long long)hash);
    return check_ok();
}
