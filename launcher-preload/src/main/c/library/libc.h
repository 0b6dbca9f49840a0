/* What is asked of the libc that is here. */
#ifndef LICHEN_PRELOAD_LIBC_H
#define LICHEN_PRELOAD_LIBC_H

#include "library.h"

/* Before anything is looked for; it works without, but asks the linker each time. */
void libc_begin(void);

/* A variable of libc's, the one that the program uses; NULL: there is none. */
void *libc_variable(const char *name);

/* Where the program's code begins and ends, and its data. */
void libc_program(uint64_t extent[4]);

#endif
