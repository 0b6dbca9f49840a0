/* Random input for tests of parsers: LICHEN_SEED repeats a run, LICHEN_FUZZ_SECONDS makes it longer. */
#ifndef LICHEN_TEST_FUZZ_H
#define LICHEN_TEST_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct fuzz {
    uint64_t state;
    time_t end;
};

static inline struct fuzz fuzz_begin(void) {
    const char *seconds = getenv("LICHEN_FUZZ_SECONDS"), *given = getenv("LICHEN_SEED");
    const uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("LICHEN_SEED=%llu\n", (unsigned long long)seed);
    return (struct fuzz){.state = seed | 1, .end = time(NULL) + (seconds ? atoi(seconds) : 0)};
}

/* xorshift64* */
static inline uint64_t fuzz_next(struct fuzz *fuzz) {
    fuzz->state ^= fuzz->state >> 12;
    fuzz->state ^= fuzz->state << 25;
    fuzz->state ^= fuzz->state >> 27;
    return fuzz->state * 2685821657736338717u;
}

#endif
