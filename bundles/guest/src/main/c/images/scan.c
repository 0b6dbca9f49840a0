#include "scan.h"
long sites_find(const uint8_t *f, uint64_t size, struct site *sites, uint64_t room) {
    uint64_t n = 0;
    if (size < 64 || f[18] != 62) return -8;
    for (uint64_t i = 5; i + 2 < size; i++)
        if (f[i] == 0x0f && f[i + 1] == 5 && f[i - 5] == 0xb8 && f[i - 2] == 0 && f[i - 1] == 0 && f[i - 3] < 2) {
            if (n < room) sites[n] = (struct site){.at = i, .number = f[i - 4] + 256 * f[i - 3], .window = 5};
            n++;
        }
    return (long)n;
}
