#ifndef LICHEN_IMAGE_SCAN_H
#define LICHEN_IMAGE_SCAN_H
#include <stdint.h>
struct site {
    uint64_t at;
    int32_t number;
    uint8_t window;
    uint64_t padding;
};
long sites_find(const uint8_t *file, uint64_t size, struct site *sites, uint64_t room);
#endif
