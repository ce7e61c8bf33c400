// loops NAME COUNT: a fixed amount of work that makes no calls. Prints the seconds that it took.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guests.h"

// What came out is stored here, so that the compiler has to do the work.
static volatile uint64_t integer_result;
static volatile double float_result;

// Collatz sequences: shifts, additions and branches that nobody foresees.
static int int_loop(long count) {
    uint64_t steps = 0;
    for (uint64_t first = 1; first <= (uint64_t)count; first++)
        for (uint64_t value = first; value != 1; steps++) value = value & 1 ? 3 * value + 1 : value >> 1;
    integer_result = steps;
    return 1;
}

// Five bodies that attract each other (the n-body problem of the Computer Language Benchmarks Game).
static int float_loop(long count) {
    enum { BODIES = 5 };
    double position[BODIES][3], speed[BODIES][3], mass[BODIES];
    for (int body = 0; body < BODIES; body++) {
        mass[body] = 1.0 / (1 + 3 * body);
        for (int axis = 0; axis < 3; axis++) {
            position[body][axis] = body * (1.7 + axis) - 0.3 * axis * axis;
            speed[body][axis] = 0.01 * (body - 2) * (axis + 1);
        }
    }
    for (long step = 0; step < count; step++) {
        for (int one = 0; one < BODIES; one++)
            for (int other = one + 1; other < BODIES; other++) {
                double way[3], square = 0.01;
                for (int axis = 0; axis < 3; axis++) {
                    way[axis] = position[one][axis] - position[other][axis];
                    square += way[axis] * way[axis];
                }
                double pull = 0.001 / (square * __builtin_sqrt(square));
                for (int axis = 0; axis < 3; axis++) {
                    speed[one][axis] -= way[axis] * mass[other] * pull;
                    speed[other][axis] += way[axis] * mass[one] * pull;
                }
            }
        for (int body = 0; body < BODIES; body++)
            for (int axis = 0; axis < 3; axis++) position[body][axis] += 0.001 * speed[body][axis];
    }
    float_result = position[0][0];
    return 1;
}

enum { SIDE = 512, KERNELS = 4, KERNEL = 3, POOLED = SIDE / 2 };

// Pictures of a megabyte: convolved by four kernels of 3 × 3, cut off at zero, and the largest of 2 × 2 kept. It writes
// five megabytes a time.
static int conv_loop(long count) {
    static float kernels[KERNELS][KERNEL][KERNEL];
    float(*picture)[SIDE] = malloc(sizeof(float[SIDE][SIDE]));
    float(*maps)[SIDE][SIDE] = calloc(KERNELS, sizeof(float[SIDE][SIDE]));
    float(*pooled)[POOLED][POOLED] = calloc(KERNELS, sizeof(float[POOLED][POOLED]));
    if (!picture || !maps || !pooled) return 0;
    for (int i = 0; i < KERNELS * KERNEL * KERNEL; i++) (&kernels[0][0][0])[i] = (float)(i * 7 % 11 - 5) / 16;
    for (int i = 0; i < SIDE * SIDE; i++) (&picture[0][0])[i] = (float)(i * 31 % 257) / 257;
    for (long pass = 0; pass < count; pass++) {
        for (int map = 0; map < KERNELS; map++)
            for (int y = 1; y < SIDE - 1; y++)
                for (int x = 1; x < SIDE - 1; x++) {
                    float sum = 0;
                    for (int dy = 0; dy < KERNEL; dy++)
                        for (int dx = 0; dx < KERNEL; dx++)
                            sum += kernels[map][dy][dx] * picture[y + dy - 1][x + dx - 1];
                    maps[map][y][x] = sum > 0 ? sum : 0;
                }
        for (int map = 0; map < KERNELS; map++)
            for (int y = 0; y < POOLED; y++)
                for (int x = 0; x < POOLED; x++) {
                    float above = maps[map][2 * y][2 * x], below = maps[map][2 * y + 1][2 * x];
                    if (maps[map][2 * y][2 * x + 1] > above) above = maps[map][2 * y][2 * x + 1];
                    if (maps[map][2 * y + 1][2 * x + 1] > below) below = maps[map][2 * y + 1][2 * x + 1];
                    pooled[map][y][x] = above > below ? above : below;
                }
        // The next picture is not the same.
        for (int y = 0; y < POOLED; y++)
            for (int x = 0; x < POOLED; x++) picture[2 * y][2 * x] = 0.5f * pooled[(x + y) % KERNELS][y][x];
    }
    float_result = picture[SIDE / 2][SIDE / 2];
    free(picture);
    free(maps);
    free(pooled);
    return 1;
}

static const struct {
    const char *name;
    int (*run)(long count);
} loops[] = {{"int", int_loop}, {"float", float_loop}, {"conv", conv_loop}};

int guest_loops(int count, char **words) {
    if (count != 2) return 64;
    long times = atol(words[1]);
    for (unsigned index = 0; index < sizeof loops / sizeof *loops && times > 0; index++) {
        if (strcmp(loops[index].name, words[0]) != 0) continue;
        guest_settle();
        uint64_t start = guest_nanoseconds();
        if (!loops[index].run(times)) return 1;
        printf("%.6f\n", (double)(guest_nanoseconds() - start) / 1e9);
        return 0;
    }
    return 64;
}
