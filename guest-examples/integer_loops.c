// Long stretches without any syscall: such a guest can only be stopped by a signal, at any instruction.
// The results are known numbers, so a register lost at a stop shows.
#include "check.h"

static int primes_below(int limit) {
    char *composite = calloc((size_t)limit, 1);
    CHECK(composite != NULL);
    int count = 0;
    for (int i = 2; i < limit; i++) {
        if (composite[i]) continue;
        count++;
        for (int64_t j = (int64_t)i * i; j < limit; j += i) composite[j] = 1;
    }
    free(composite);
    return count;
}

static int longest_collatz(int limit, int *steps_of_best) {
    int best = 0, best_steps = 0;
    for (int start = 1; start < limit; start++) {
        int steps = 1;
        for (uint64_t n = (uint64_t)start; n != 1; steps++) n = n & 1 ? 3 * n + 1 : n / 2;
        if (steps > best_steps) best = start, best_steps = steps;
    }
    *steps_of_best = best_steps;
    return best;
}

static uint32_t crc32(const char *text, size_t length) {
    uint32_t crc = ~0u;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)text[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
    }
    return ~crc;
}

// 128-bit products and divisions keep rdx:rax pairs alive, which nothing else here does.
static uint64_t power_modulo(uint64_t base, uint64_t exponent, uint64_t modulus) {
    unsigned __int128 result = 1, square = base % modulus;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) result = result * square % modulus;
        square = square * square % modulus;
    }
    return (uint64_t)result;
}

int main(void) {
    int steps;
    CHECK_EQUAL(primes_below(1000000), 78498);
    CHECK_EQUAL(longest_collatz(300000, &steps), 230631);
    CHECK_EQUAL(steps, 443);
    CHECK_EQUAL(crc32("123456789", 9), 0xcbf43926u);

    // Fermat for the prime 2^61 - 1: a^(p-1) = 1.
    const uint64_t prime = (1ULL << 61) - 1;
    for (uint64_t a = 2; a < 2002; a++) CHECK_EQUAL(power_modulo(a, prime - 1, prime), 1);

    uint64_t state = 1, sum = 0;
    for (int i = 0; i < 5000000; i++) {
        uint32_t r = random_next(&state);
        sum += (r << (i & 31) | r >> (-i & 31)) ^ (uint32_t)__builtin_popcount(r);
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return check_ok();
}
