/* Finds the system calls in the code of an ELF file, and what is needed to put a jump in the place of each. Pure: no libc, no memory of its own, no globals; runs anywhere.
 *
 * A `0f 05` counts if it is an instruction when its function is decoded from the start. Which bytes are functions is told by the unwinder's table; where it tells of most of the
 * code, what lies between its functions is trusted less, for it may be data (libcrypto has much): a call there must directly follow the instruction that sets its number, or
 * directly follow a function, as glibc ends clone's before its system call. Where the table does not tell (musl, Go), the code is decoded from end to end.
 *
 * Time is linear in the size of the file, whatever is in it. */
#ifndef LICHEN_IMAGES_SCAN_H
#define LICHEN_IMAGES_SCAN_H

#include "executable.h"

enum { PADDING_LEAST = 5 /* a jump with a distance of 32 bits */, BEHIND_LEAST = 3 /* what it lacks where a `syscall` is */ };

struct site {
    uint64_t at;      /* of its `syscall` (0f 05) in the file */
    uint64_t padding; /* of PADDING_LEAST bytes that are never executed, which a two-byte jump in place of the `syscall` reaches; given to no other site; 0: none, or not needed */
    int32_t number;   /* that it is made with on every direct way to it, or -1 */
    uint8_t window;   /* bytes directly before it of as few whole instructions as have PADDING_LEAST or more, all of which mean the same elsewhere; no direct branch goes behind the
                         first byte, but to the `syscall` perhaps; or 0 */
    uint8_t since;    /* the instruction that sets `number` begins so many bytes before it; 0 if there is no number */
    uint8_t pieces;   /* instructions in the window */
    uint8_t behind;   /* bytes directly behind it of as few whole instructions as have BEHIND_LEAST or more, all of which mean the same elsewhere and none of which a direct branch goes
                         to; or 0 */
    bool entered;     /* a direct branch goes to the `syscall` itself: a window does not see it, padding and what is behind do */
};

/* The sites of the file, ascending. Returns their count, of which no more than `room` are told, or -ENOEXEC for what is no sound ELF64 file of x86-64. */
long sites_find(const uint8_t *file, uint64_t size, struct site *sites, uint64_t room);

#endif
