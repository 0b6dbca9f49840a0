/* Little-endian numbers anywhere in a file's bytes; whoever calls has seen that they are there. */
#ifndef LICHEN_IMAGES_LITTLE_H
#define LICHEN_IMAGES_LITTLE_H

#include <stdint.h>

static inline uint16_t little16(const uint8_t *at) {
    uint16_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t little32(const uint8_t *at) {
    uint32_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t little64(const uint8_t *at) {
    uint64_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}

#endif
