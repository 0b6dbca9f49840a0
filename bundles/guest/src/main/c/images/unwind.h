/* Where functions begin and end, as the unwinder's table (.eh_frame_hdr) says. Pure; no libc; runs anywhere. */
#ifndef LICHEN_IMAGES_UNWIND_H
#define LICHEN_IMAGES_UNWIND_H

#include "executable.h"

struct unwind {
    const uint8_t *table; /* of pairs: begin of a function, its FDE; both counted from `base` */
    uint64_t count;
    uint64_t base;
    const uint8_t *bytes; /* the segment that holds the table and the FDEs */
    uint64_t size, address;
};

/* Addresses; `end` excluded. */
struct function {
    uint64_t begin, end;
    uint64_t next; /* begin of the next function, or UINT64_MAX */
    bool signal;   /* a signal handler's return: glibc lets it begin a byte too early, whatever that is, for unwinders that look up the place before a call */
};

/* False if there is no table, or it is none that can be searched, or it tells of less than half of the code. Reads the whole table. */
bool unwind_open(struct unwind *unwind, const struct executable *executable);
/* The last function that begins at this address or before it. If there is none, an empty one at 0. */
struct function unwind_find(const struct unwind *unwind, uint64_t address);

#endif
