/* Bytes and text, without a C library. The launcher's build has no memcpy for the compiler to call, so nothing here becomes one. */
#ifndef LICHEN_UNION_TEXT_H
#define LICHEN_UNION_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t text_size(const char *text) {
    size_t size = 0;
    while (text[size]) size++;
    return size;
}

static inline void bytes_copy(void *to, const void *from, size_t size) {
    for (size_t i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
}

/* To a higher or lower place of the same buffer. */
static inline void bytes_move(char *to, const char *from, size_t size) {
    if (to <= from)
        for (size_t i = 0; i < size; i++) to[i] = from[i];
    else
        while (size--) to[size] = from[size];
}

static inline void bytes_zero(void *at, size_t size) {
    for (size_t i = 0; i < size; i++) ((volatile char *)at)[i] = 0;
}

static inline bool bytes_equal(const void *a, const void *b, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (((const char *)a)[i] != ((const char *)b)[i]) return false;
    return true;
}

static inline bool begins(const char *text, size_t size, const char *with) {
    size_t i = 0;
    for (; with[i]; i++)
        if (i >= size || text[i] != with[i]) return false;
    return true;
}

static inline bool is_text(const char *text, size_t size, const char *other) {
    size_t i = 0;
    while (i < size && other[i] && text[i] == other[i]) i++;
    return i == size && !other[i];
}

static inline bool text_has(const char *text, char character) {
    while (*text && *text != character) text++;
    return *text;
}

/* Whether a path without a slash at its end is `top` or below it; "" is the root. */
static inline bool is_within(const char *path, size_t size, const char *top, size_t top_size) {
    return size >= top_size && (size == top_size || path[top_size] == '/') && bytes_equal(path, top, top_size);
}

/* What stands behind the last slash. */
static inline const char *last_name(const char *path) {
    const char *name = path;
    for (; *path; path++)
        if (*path == '/') name = path + 1;
    return name;
}

/* Appends and answers the new end; the result is terminated. */
static inline char *put_text(char *to, const char *text) {
    while (*text) *to++ = *text++;
    *to = 0;
    return to;
}

static inline char *put_hex(char *to, uint64_t value, int digits) {
    for (int i = digits - 1; i >= 0; i--) *to++ = "0123456789abcdef"[value >> (4 * i) & 15];
    *to = 0;
    return to;
}

static inline char *put_decimal(char *to, uint64_t value) {
    char digits[20];
    int count = 0;
    do digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (count) *to++ = digits[--count];
    *to = 0;
    return to;
}

/* FNV-1a: short, and good enough for paths. */
#define HASH_START 0xcbf29ce484222325u
static inline uint64_t hash_add(uint64_t hash, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u;
    return hash;
}

#endif
