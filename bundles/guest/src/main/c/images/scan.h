/* Finds the system calls in the code of an ELF file, without running it. The rules are in scan.c. Freestanding; nothing in the file is believed. */
#ifndef LICHEN_IMAGE_SCAN_H
#define LICHEN_IMAGE_SCAN_H

#include <stdint.h>

struct site {
    uint64_t at;    /* file offset of the `syscall` */
    int32_t number; /* that the call always has; or -1: not known */
    uint8_t numbered; /* how far before it that is set */
    uint8_t window; /* bytes of whole instructions right before it, at least as many as a jump needs, that can be executed elsewhere and that no branch leads into the middle of; or 0 */
};

enum { SCAN_JUMP = 5, SCAN_WINDOW_MOST = 32 };

/* The sites, by rising offset: how many there are, of which the first `room` are told; -ENOEXEC: it is no sound ELF64 file for x86-64, or has relocations in its text. */
long sites_find(const uint8_t *file, uint64_t size, struct site *sites, uint64_t room);

#endif
