/* What of an ELF file can be executed. All numbers in it may be lies. Pure; no libc; runs anywhere. */
#ifndef LICHEN_IMAGES_EXECUTABLE_H
#define LICHEN_IMAGES_EXECUTABLE_H

#include <stdbool.h>
#include <stdint.h>

enum { EXECUTABLE_PARTS = 16, EXECUTABLE_CODES = 64 };

/* Bytes of the file, `end` excluded, and the address that the file gives to the first. */
struct part {
    uint64_t begin, end, address;
};

struct executable {
    const uint8_t *file;
    uint64_t size;
    struct part parts[EXECUTABLE_PARTS]; /* that are mapped executable: PT_LOAD with PF_X; ascending and apart, as far as they have bytes in the file */
    unsigned part_count;
    struct part codes[EXECUTABLE_CODES]; /* of them the executable sections; the parts themselves if the file tells of no such sections */
    unsigned code_count;
    struct part frames;    /* PT_GNU_EH_FRAME; empty if there is none that lies in a loaded segment */
    struct part readable;  /* that segment */
    uint64_t low, high;    /* addresses of all that is loaded, in whole pages at the lower end */
    bool text_relocations; /* DT_TEXTREL: the dynamic linker will write into what is executable */
    bool sections;         /* it tells of executable sections */
    bool writable;         /* some of it can be written by anybody */
};

/* 0, or -ENOEXEC for what is no sound ELF64 program or library of x86-64. The result points into the file. */
int executable_read(const uint8_t *file, uint64_t size, struct executable *executable);

#endif
