/* The one table of system calls (syscalls.def) as data. */
#ifndef LICHEN_ENGINE_TABLE_H
#define LICHEN_ENGINE_TABLE_H

#include <stdint.h>

struct call;

enum { TABLE_SIZE = 512 };
enum treatment { UNKNOWN, PASSED, TRAPPED, ANSWERED_INSIDE, TRAPPED_FOR_ROOT, TRAPPED_FOR_UNION, FAILED };
struct entry {
    long (*answer)(struct call *call);
    uint8_t treatment, error; /* enum treatment; of FAILED */
};
extern const struct entry table[TABLE_SIZE];
/* For each number, whether it is the kernel's own affair, so that rewritten code (images/image.h) may make the call where it stands. */
extern const uint8_t raw_numbers[TABLE_SIZE];

#endif
