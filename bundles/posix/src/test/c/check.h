/* Hosted tests of the C modules. A failed check prints its place and ends the program with 1. */
#ifndef LICHEN_CHECK_H
#define LICHEN_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: %s: failed: %s\n", __FILE__, __LINE__, __func__, #condition); \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)
#define CHECK_TEXT(have, want) check_text(__FILE__, __LINE__, have, want)
#define RUN(test) (test(), printf("ok %s\n", #test))

static inline void check_text(const char *file, int line, const char *have, const char *want) {
    if (have && want && !strcmp(have, want)) return;
    fprintf(stderr, "%s:%d: have '%s', want '%s'\n", file, line, have ? have : "(null)", want ? want : "(null)");
    exit(1);
}

#endif
