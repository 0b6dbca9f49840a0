/* Rewritten images: pages that take the place of an ELF file's text in memory, where system calls that the engine answers have become jumps into it.
 *
 *     … | trampolines | the ELF file, with some of its pages exchanged | …
 *
 * A jump takes the place of the instructions before a `syscall`, its window; they are executed in a trampoline, which then goes on into the engine (or, when the number is not known
 * beforehand and is none of the engine's, makes the call itself). The `syscall` stays where it is: whoever gets there by another way, and whoever makes a call again that a signal has
 * interrupted, is caught as a site without a jump is: by the filter, or, where there is none, because it has become `ud2` (signals.c).
 *
 *     in the file          in its image        in a page of trampolines
 *     mov $2, %eax         jmp T           T:  mov $2, %eax
 *     syscall              syscall             lea B(%rip), %rcx
 *  B:                   B:                     jmp entry
 *
 * An image is a file in the cache (cache.h), made once and mapped by all:
 *
 *     struct image_header | pages of trampolines | pages of the ELF file, changed
 */
#ifndef LICHEN_IMAGE_H
#define LICHEN_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "scan.h"

#define IMAGE_MAGIC "lichenI1"
enum { IMAGE_PAGE = 4096, IMAGE_PARTS = 4 };
/* A size in whole pages. */
static inline uint64_t image_pages(uint64_t size) { return (size + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1); }

/* What an ELF file has to be for an image to be still its own. */
struct image_key {
    uint64_t device, inode, size;
    int64_t modified[2], changed[2];
};

struct image_part {
    uint64_t offset, size; /* in the ELF file, whole pages */
    uint64_t at;           /* in this one */
    int64_t delta;         /* from an offset in the ELF file to the address it is linked for */
};

struct image_header {
    char magic[8];
    struct image_key key;
    uint64_t size;        /* of this file */
    uint64_t trampolines; /* address of the first page of them as the ELF file is linked: just below it, wrapping around below 0 */
    uint32_t trampoline_pages, part_count, possible, doubtful; /* possible: false for what is no ELF file as it should be, or too unusual; it is mapped as it is. doubtful: nothing tells code from data in it, so that some may be overlooked */
    struct image_part parts[IMAGE_PARTS];
};

enum trampoline_kind {
    TRAMPOLINE_JUMPS = 1, /* there is a jump to here */
    TRAMPOLINE_MAKES = 2, /* the call may make a process or thread, which goes into the engine before anything else (unseen.h) */
};

struct trampoline {
    int32_t behind;  /* address behind the guest's `syscall`, from this page on */
    int32_t jump;    /* that of the jump to here; or, where none fits, of the `syscall` */
    uint16_t code;   /* where it begins, from this page on; */
    uint16_t enter;  /* where it goes into the engine; */
    uint16_t raw;    /* and where it makes the call itself */
    uint8_t window;  /* bytes of moved instructions that it begins with */
    uint8_t kind;    /* enum trampoline_kind */
};

/* Code grows up from behind the header, entries down from the end of the page: entry i is the i-th from there, by rising address. */
struct trampoline_page {
    uint64_t magic, identity, count;
    uint8_t code[IMAGE_PAGE - 24];
};
_Static_assert(sizeof(struct trampoline_page) == IMAGE_PAGE, "it is one");
static inline const struct trampoline *trampoline_at(const struct trampoline_page *page, uint64_t index) {
    return (const struct trampoline *)(page + 1) - 1 - index;
}

/* Where the jumps lead. */
struct image_engine {
    uint64_t entry;      /* address */
    uint64_t begun;      /* and that for new processes and threads */
    const uint8_t *raw;  /* also there in the guest's processes: for each number, whether the guest makes the call itself */
    uint64_t numbers;
    bool filtered; /* a `syscall` that stays is caught */
};

/* Tells tables apart that are mapped where others were. Not 0. */
uint64_t image_identity(const struct image_key *key);

/* Room that an image of a file of that size, with so many sites, takes at most. */
uint64_t image_room(uint64_t file_size, uint64_t sites);
/* Makes an image at `to`, which is zeros, of that room. `count`: as sites_find() has answered. Its size. */
uint64_t image_make(const struct image_key *key, const uint8_t *file, const struct site *sites, long count, const struct image_engine *engine, void *to);

/* The trampoline of the site whose `syscall` ends at this address, in pages that are mapped from `first` on: where it makes the call itself; 0: there is none. */
uint64_t image_raw(uint64_t first, uint32_t pages, uint64_t behind);

/* Trampolines that are mapped `by` away from where they were made for: they reach back as before. And the jumps to them that lie in [from, to). Both can be written to. */
void image_move_trampolines(struct trampoline_page *pages, uint32_t count, int64_t by);
void image_move_jumps(const struct trampoline_page *pages, uint32_t count, int64_t by, uint64_t from, uint64_t to);

/* What the guest may see of an address in a trampoline: where it would be in the guest's own code, if nothing is lost by going on from there; else the address itself. `result`: what rax holds. */
uint64_t image_origin(uint64_t address, uint64_t result);

#endif
