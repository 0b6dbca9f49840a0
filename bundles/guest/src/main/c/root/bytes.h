/* Numbers and names in buffers, without a libc. Pure; runs anywhere. */
#ifndef LICHEN_ROOT_BYTES_H
#define LICHEN_ROOT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Big endian, as everything that Java reads too. */
static inline uint64_t bytes_get(const unsigned char *at, unsigned size) {
    uint64_t value = 0;
    while (size--) value = value << 8 | *at++;
    return value;
}

static inline void bytes_put(unsigned char *at, unsigned size, uint64_t value) {
    while (size--) {
        at[size] = (unsigned char)value;
        value >>= 8;
    }
}

/* FNV-1a; `seed` goes on from an earlier result. */
#define BYTES_HASH 14695981039346656037u
static inline uint64_t bytes_hash(uint64_t seed, const void *data, size_t size) {
    const unsigned char *at = data;
    while (size--) seed = (seed ^ *at++) * 1099511628211u;
    return seed;
}

static inline bool bytes_same(const void *a, const void *b, size_t size) {
    const unsigned char *left = a, *right = b;
    for (size_t i = 0; i < size; i++)
        if (left[i] != right[i]) return false;
    return true;
}

static inline size_t bytes_length(const char *text) {
    size_t size = 0;
    while (text[size]) size++;
    return size;
}

/* Text that is put together in a caller's buffer; `full` is the one thing to look at when it is done. */
struct text {
    char *at;
    size_t size, room;
    bool full;
};

static inline void text_add(struct text *to, const char *data, size_t size) {
    if (to->room - to->size < size) {
        to->full = true;
        return;
    }
    for (size_t i = 0; i < size; i++) to->at[to->size++] = data[i];
}

static inline void text_add_number(struct text *to, uint64_t value, unsigned base, unsigned digits) {
    char reversed[64], out[64];
    unsigned size = 0;
    do reversed[size++] = "0123456789abcdef"[value % base];
    while ((value /= base) || size < digits);
    for (unsigned i = 0; i < size; i++) out[i] = reversed[size - 1 - i];
    text_add(to, out, size);
}

#endif
