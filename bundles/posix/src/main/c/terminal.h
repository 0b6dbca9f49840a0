/* The caller's terminal, and the keys that leave a container without ending it. */
#ifndef LICHEN_TERMINAL_H
#define LICHEN_TERMINAL_H

#include <sys/ioctl.h>

#include "base.h"

/* Every key goes to the guest. Nothing happens where descriptor 0 is no terminal. The old mode comes back at exit. */
void terminal_raw(void);
void terminal_restore(void);
/* The size of the first of descriptors 0, 1, 2 that is a terminal; 0 0 when none is. */
struct winsize terminal_size(void);

enum { MOST_KEYS = 16 };
struct keys {
    unsigned char sequence[MOST_KEYS];
    size_t count, matched;
};

/* podman's notation: `ctrl-p,ctrl-q`, `a`; empty: none. false: it cannot be read. */
bool keys_parse(struct keys *keys, const char *text);
/* Passes typed bytes on, but for a beginning of the sequence, which waits for its end. true: the whole sequence was typed. */
bool keys_filter(struct keys *keys, const unsigned char *typed, size_t size, struct bytes *passed);

#endif
