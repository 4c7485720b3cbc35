/* primes [LIMIT]: counts the primes below LIMIT the slow way, by trial division, and
 * prints how far it is ten times. It never waits for anything, so whatever else
 * runs meanwhile shows that the core takes the processor away from it. */
#include <ipc.h>
#include <number.h>
#include <stdio.h>

#define LIMIT_DEFAULT 1000000ul
#define LIMIT_MAX (1ul << 32) /* the square of every divisor fits */
#define STEPS 10ul

static bool is_prime(uint64_t number) {
    for (uint64_t divisor = 2; divisor * divisor <= number; divisor++) {
        if (number % divisor == 0) return false;
    }
    return number >= 2;
}

static uint64_t count_primes(uint64_t from, uint64_t to) {
    uint64_t count = 0;
    for (uint64_t number = from; number < to; number++) {
        count += is_prime(number);
    }
    return count;
}

int main(int argc, char **argv) {
    uint64_t limit = LIMIT_DEFAULT;
    if (argc > 2 || (argc == 2 && !number_parse(argv[1], LIMIT_MAX, &limit)) || limit < STEPS) {
        printf("Usage: primes [LIMIT], a number from %lu to %lu\n", STEPS, LIMIT_MAX);
        return 2;
    }
    uint64_t start = hf_clock();
    uint64_t count = 0, from = 0;
    for (uint64_t step = 1; step <= STEPS; step++) {
        uint64_t to = limit / STEPS * step + (step == STEPS ? limit % STEPS : 0);
        count += count_primes(from, to);
        from = to;
        printf("primes: %lu below %lu, after %lu ms\n", count, to, (hf_clock() - start) / 1000000);
    }
    return 0;
}
