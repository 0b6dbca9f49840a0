/* The one table of system calls (syscalls.def) as data. */
#ifndef LICHEN_ENGINE_TABLE_H
#define LICHEN_ENGINE_TABLE_H

#include <stdint.h>

struct call;

enum { TABLE_SIZE = 512 };
enum treatment { UNKNOWN, PASSED, TRAPPED, TRAPPED_FOR_ROOT, FAILED, DECIDED };
struct entry {
    long (*answer)(struct call *call);
    uint8_t treatment, error; /* enum treatment; of FAILED */
};
extern const struct entry table[TABLE_SIZE];

#endif
